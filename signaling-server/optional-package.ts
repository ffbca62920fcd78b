/** A sentence for whoever asked for it: what is missing, and how it is installed. */
export class MissingPackage extends Error {}

/**
 * Loads a package that only some need, for `purpose`. `load` imports it: bundlers and checks look for the name there.
 * @throws MissingPackage; what the package throws, where it is there
 */
export async function optionalPackage<Module>(
  name: string,
  purpose: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!code?.endsWith('MODULE_NOT_FOUND')) throw cause;
    throw new MissingPackage(`${purpose} the package ${name}: npm install ${name}`, { cause });
  }
}
