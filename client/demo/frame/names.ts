const QUALITIES =
  'amber bold brave breezy bright brisk calm candid clever cosy crisp curious dapper deft eager early fair fleet fond frank gentle glad golden grand hardy hazel honest humble jolly keen kind lively lucky mellow merry mild modest neat nimble noble patient placid plucky polite proud quick quiet ready rosy rustic silver sleek snug spry steady sunny swift tidy tranquil trusty vivid warm wise witty'.split(
    ' ',
  );
const ANIMALS =
  'badger bear beaver bison bittern crane curlew deer dolphin dormouse dove duck eagle egret falcon ferret finch fox gecko goose grebe hare hawk hedgehog heron ibis jackdaw jay kestrel kite lark linnet lizard lynx magpie marten mole moose newt otter owl panda pika plover puffin quail rabbit raven robin seal sparrow squirrel stork swallow swan swift teal tern thrush toad turtle vole wagtail wren'.split(
    ' ',
  );
const PLACES =
  'bay beach bridge brook canal cove creek dune ferry fjord ford garden glade grove harbour haven heath hill island lagoon lake lane meadow mill moor orchard pier pond quay reef river shore spring square tower valley wharf wood'.split(
    ' ',
  );

/** Not unique: a room refuses a name that is taken, and then the page takes another. */
export function freshName(): string {
  return `${one(QUALITIES)}-${one(ANIMALS)}`;
}

/** Five letters of base 32 at the end keep strangers who try names out of it. */
export function freshRoom(): string {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => (byte & 31).toString(32)).join('');
  return `${one(QUALITIES)}-${one(PLACES)}-${letters}`;
}

/** `getRandomValues` is there on insecure origins too, `randomUUID` is not. */
function one(words: readonly string[]): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return words[random % words.length] ?? '';
}
