/**
 * What Redis does for rooms, each as a whole, so that nobody reads what another is about to change. All keys begin with
 * KEYS[1], the prefix of the cluster:
 *
 * | key | |
 * |---|---|
 * | `:clock` | hash: `at`, the time of Redis at the last script; `value`, the clock of the cluster; both in ms |
 * | `:rooms` | set of the rooms that exist |
 * | `:room:R` | hash: `version`; `seat:N`, who has the name N, as JSON; `held:N`, for whom N is kept, as JSON |
 * | `:held` | sorted set of `R/N` by the clock at which N is free again |
 * | `:nodes` | sorted set of nodes by the clock at which they count as dead |
 * | `:node:ID` | set of the `R/N` whose sockets are at that node |
 * | `:addresses` | hash: where each node is reached by the others |
 * | `:secret` | by which nodes know each other |
 * | `:changes` | stream of what happened in rooms, for every node to read |
 *
 * A seat: `i` instance, `p` proof, `s` socket, `n` node, `o` place in the order of its room. Versions are microseconds
 * since 1970 at which they were made, or more where the last was: they rise also when Redis has forgotten the last.
 * Numbers of that size go as text, for cjson would round them.
 */

/** The clock goes by at most so much between two scripts, in ms: while nobody is served, nobody's lease runs out. */
const LONGEST_STEP = 3000;
/**
 * How long after its beginning an empty Redis gives seats only to who had one, in ms. It may be one that has lost its
 * memory, and all nodes find it, and seat their members again, within that time.
 */
export const RESTORE_FOR = 3000;
/** Entries of the stream, about. A node that has missed more looks at its rooms instead. */
const CHANGES_KEPT = 20_000;
/** What one script clears away at most: names whose time is over, seats of dead nodes. */
const SWEPT_AT_ONCE = 64;

const PRELUDE = `
local P = KEYS[1]
local clockKey, roomsKey, heldKey, nodesKey = P .. ':clock', P .. ':rooms', P .. ':held', P .. ':nodes'

local time = redis.call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local millis = math.floor(micros / 1000)
local clock = redis.call('HMGET', clockKey, 'at', 'value')
local value = tonumber(clock[2] or '0')
value = value + math.max(0, math.min(millis - tonumber(clock[1] or millis), ${LONGEST_STEP}))
redis.call('HSET', clockKey, 'at', string.format('%.0f', millis), 'value', string.format('%.0f', value))

local function roomKey(room) return P .. ':room:' .. room end
local function nodeKey(node) return P .. ':node:' .. node end
local function path(room, name) return room .. '/' .. name end
local function apart(text)
  local slash = string.find(text, '/', 1, true)
  return string.sub(text, 1, slash - 1), string.sub(text, slash + 1)
end

local function read(room, kind, name)
  local text = redis.call('HGET', roomKey(room), kind .. ':' .. name)
  return text and cjson.decode(text)
end

local function tell(room, kind, name, seat, how, least)
  local before = redis.call('HGET', roomKey(room), 'version') or '0'
  local version = string.format('%.0f', math.max(tonumber(before) + 1, micros, tonumber(least or '0')))
  redis.call('HSET', roomKey(room), 'version', version)
  redis.call('XADD', P .. ':changes', 'MAXLEN', '~', '${CHANGES_KEPT}', '*', 'room', room, 'before', before,
    'version', version, 'type', kind, 'name', name, 'instance', seat.i, 'socket', seat.s, 'how', how)
  return version
end

local function endIfEmpty(room)
  if redis.call('HLEN', roomKey(room)) > 1 then return end
  redis.call('DEL', roomKey(room))
  redis.call('SREM', roomsKey, room)
end

local function seatDown(room, name, seat)
  redis.call('SADD', roomsKey, room)
  redis.call('SADD', nodeKey(seat.n), path(room, name))
  redis.call('HSET', roomKey(room), 'seat:' .. name, cjson.encode(seat))
end

local function getUp(room, name, seat)
  redis.call('HDEL', roomKey(room), 'seat:' .. name)
  redis.call('SREM', nodeKey(seat.n), path(room, name))
end

local function release(room, name)
  redis.call('HDEL', roomKey(room), 'held:' .. name)
  redis.call('ZREM', heldKey, path(room, name))
end

local function keepFor(room, name, seat, milliseconds)
  local kept = cjson.encode({ i = seat.i, p = seat.p, s = seat.s, n = seat.n, untilWhen = value + milliseconds })
  redis.call('HSET', roomKey(room), 'held:' .. name, kept)
  redis.call('ZADD', heldKey, value + milliseconds, path(room, name))
end

-- Who went without a word, and what is over.
local function sweep()
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', heldKey, '-inf', value, 'LIMIT', 0, ${SWEPT_AT_ONCE})) do
    local room, name = apart(entry)
    release(room, name)
    endIfEmpty(room)
  end
  local dead = redis.call('ZRANGEBYSCORE', nodesKey, '-inf', value, 'LIMIT', 0, 1)[1]
  if not dead then return 0 end
  local entries = redis.call('SPOP', nodeKey(dead), ${SWEPT_AT_ONCE})
  for _, entry in ipairs(entries) do
    local room, name = apart(entry)
    local seat = read(room, 'seat', name)
    if seat and seat.n == dead then
      getUp(room, name, seat)
      tell(room, 'left', name, seat, 'closed')
      endIfEmpty(room)
    end
  end
  if #entries < ${SWEPT_AT_ONCE} then
    redis.call('ZREM', nodesKey, dead)
    redis.call('HDEL', P .. ':addresses', dead)
  end
  return 1
end

local function inOrder(room, except)
  local seats = {}
  local fields = redis.call('HGETALL', roomKey(room))
  for at = 1, #fields, 2 do
    local name = string.match(fields[at], '^seat:(.*)$')
    if name and name ~= except then
      local seat = cjson.decode(fields[at + 1])
      seat.name = name
      seats[#seats + 1] = seat
    end
  end
  table.sort(seats, function(one, other) return tonumber(one.o) < tonumber(other.o) end)
  local flat = {}
  for _, seat in ipairs(seats) do
    flat[#flat + 1] = seat.name
    flat[#flat + 1] = seat.i
    flat[#flat + 1] = seat.s
  end
  return flat
end
`;

/**
 * ARGV: room, name, instance, proof, socket, node, '1' for again, the silent socket or '', peers a room, rooms.
 * Returns what happened and its details.
 */
const JOIN = `
local room, name, instance, proof, socket, node, again, silent = unpack(ARGV, 1, 8)
sweep()
if again == '0' and value < ${RESTORE_FOR} then return { 'restoring', tostring(${RESTORE_FOR} - value) } end
local holder, kept = read(room, 'seat', name), read(room, 'held', name)
local owner = holder or kept
if not owner then
  local places = math.max(0, redis.call('HLEN', roomKey(room)) - 1)
  if places >= tonumber(ARGV[9]) then return { 'room-full', tostring(places) } end
  local rooms = redis.call('SCARD', roomsKey)
  if places == 0 and rooms >= tonumber(ARGV[10]) then return { 'server-full', tostring(rooms) } end
elseif owner.p ~= proof then
  return { 'name-taken', kept and not holder and tostring(kept.untilWhen - value) or '' }
elseif owner.i ~= instance then
  if again == '1' then return { 'replaced' } end
  if holder and holder.s ~= silent then return { 'contested', holder.s } end
end
if kept then release(room, name) end
local members = inOrder(room, name)
local seat = { i = instance, p = proof, s = socket, n = node }
if holder then
  getUp(room, name, holder)
  if holder.i == instance then seat.o = holder.o else tell(room, 'left', name, holder, 'closed') end
end
local version = tell(room, 'joined', name, seat, '')
seat.o = seat.o or version
seatDown(room, name, seat)
return { 'taken', version, seat.o, holder and holder.s or '', holder and holder.i or '', members }
`;

/** ARGV: room, name, socket, ms to keep the name. Whether the socket held it. */
const LEAVE = `
local room, name, socket, keep = unpack(ARGV)
sweep()
local seat = read(room, 'seat', name)
if not seat or seat.s ~= socket then return 0 end
getUp(room, name, seat)
if tonumber(keep) > 0 then keepFor(room, name, seat, tonumber(keep)) end
tell(room, 'left', name, seat, tonumber(keep) > 0 and 'closed' or 'left')
endIfEmpty(room)
return 1
`;

/** ARGV: room, name, instance, proof. The socket that held the name, '' for none; nil when there is nothing to free. */
const VACATE = `
local room, name, instance, proof = unpack(ARGV)
sweep()
local holder, kept = read(room, 'seat', name), read(room, 'held', name)
local owner = holder or kept
if not owner or owner.i ~= instance or owner.p ~= proof then return false end
if kept then release(room, name) end
if holder then getUp(room, name, holder) end
tell(room, 'left', name, owner, 'left')
endIfEmpty(room)
return holder and holder.s or ''
`;

/**
 * ARGV: node, ms of its lease, its address or '', a secret to be that of all nodes if there is none. Whether it was
 * known, how many seats it has here, whether there is more to sweep, the first entry of the stream, peers and rooms of
 * all nodes, the secret.
 */
const BEAT = `
local node, lease, address, secret = unpack(ARGV)
local known = redis.call('ZSCORE', nodesKey, node)
redis.call('ZADD', nodesKey, value + tonumber(lease), node)
if address ~= '' then redis.call('HSET', P .. ':addresses', node, address) end
redis.call('SET', P .. ':secret', secret, 'NX')
local more = sweep()
local first = redis.call('XRANGE', P .. ':changes', '-', '+', 'COUNT', 1)[1]
local peers = 0
for _, each in ipairs(redis.call('ZRANGE', nodesKey, 0, -1)) do peers = peers + redis.call('SCARD', nodeKey(each)) end
return { known and 1 or 0, redis.call('SCARD', nodeKey(node)), more, first and first[1] or '', peers,
  redis.call('SCARD', roomsKey), redis.call('GET', P .. ':secret') }
`;

/**
 * Seats of this node, which should be there. ARGV: node, then room, name, instance, proof, socket, place, and the version
 * of the room that is known there, for each. Returns the sockets that have lost theirs.
 */
const RESTORE = `
local node = ARGV[1]
local lost = {}
for at = 2, #ARGV, 7 do
  local room, name, instance, proof, socket, order, known = unpack(ARGV, at, at + 6)
  local holder, kept = read(room, 'seat', name), read(room, 'held', name)
  local owner = holder or kept
  if holder and holder.s == socket then redis.call('SADD', nodeKey(node), path(room, name))
  elseif holder or (kept and (kept.p ~= proof or kept.i ~= instance)) then lost[#lost + 1] = socket
  else
    if kept then release(room, name) end
    local seat = { i = instance, p = proof, s = socket, n = node, o = order }
    tell(room, 'joined', name, seat, '', known)
    seatDown(room, name, seat)
  end
end
return lost
`;

/** Seats that Redis has for this node. ARGV: node, then the sockets that are here. Those of others are given up. */
const DISCARD = `
local node = ARGV[1]
local here = {}
for at = 2, #ARGV do here[ARGV[at]] = true end
local discarded = 0
for _, entry in ipairs(redis.call('SMEMBERS', nodeKey(node))) do
  local room, name = apart(entry)
  local seat = read(room, 'seat', name)
  if not seat or seat.n ~= node then redis.call('SREM', nodeKey(node), entry)
  elseif not here[seat.s] then
    getUp(room, name, seat)
    tell(room, 'left', name, seat, 'closed')
    endIfEmpty(room)
    discarded = discarded + 1
  end
end
return discarded
`;

/** ARGV: rooms. Their versions, '' for one that is not there. */
const VERSIONS = `
local versions = {}
for at = 1, #ARGV do versions[at] = redis.call('HGET', roomKey(ARGV[at]), 'version') or '' end
return versions
`;

/** ARGV: room. Its version, and who is there. */
const LOOK = `
return { redis.call('HGET', roomKey(ARGV[1]), 'version') or '0', inOrder(ARGV[1], nil) }
`;

/** ARGV: node. Where it is reached; '' when there is none, or it has not said. */
const ADDRESS = `
return redis.call('HGET', P .. ':addresses', ARGV[1]) or ''
`;

/** ARGV: node, ms. It goes: its seats stay for so long, for their holders to take over at other nodes. */
const RETIRE = `
redis.call('ZADD', nodesKey, value + tonumber(ARGV[2]), ARGV[1])
return 1
`;

export const SCRIPTS = {
  join: PRELUDE + JOIN,
  leave: PRELUDE + LEAVE,
  vacate: PRELUDE + VACATE,
  beat: PRELUDE + BEAT,
  restore: PRELUDE + RESTORE,
  discard: PRELUDE + DISCARD,
  versions: PRELUDE + VERSIONS,
  look: PRELUDE + LOOK,
  address: PRELUDE + ADDRESS,
  retire: PRELUDE + RETIRE,
} as const;
