-- Records a run as PENDING, before its message is sent.
--
-- KEYS  1-8 the run's keys, 9 index of all runs, 10 the idempotency key (or absent)
-- ARGV  1 run id, 2 digest of name and arguments, 3 seconds the idempotency key lives,
--       4 who asked for it (empty: nobody notes it), 5 "wait" or "refuse" when there is no place for it, 6 its groups (see
--       the prelude), 7 its sealed secrets (empty: none), then the record: number of fields, name
--       and value of each
-- Returns {"created", record}, {"waits", record} for one that waits for a place, {"existing",
--       record} for an id or key that has its run already, {"reused"} for a key that was used
--       with other arguments, {"full", a run that goes on}
-- Event: the run, seq 1

local id, digest, lifetime, by = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local when_full, groups, sealed = ARGV[5], ARGV[6], ARGV[7]

local function run_of_key()
  local known = KEYS[10] and redis.call('GET', KEYS[10])
  if not known then return nil end
  local known_digest, known_id = string.match(known, '^(%S+) (.*)$')
  local record = redis.call('HGET', RUN_PREFIX .. known_id, 'record')
  return record and {record = record, digest = known_digest}
end

local known = run_of_key()
if known then
  if known.digest ~= digest then return {'reused'} end
  return {'existing', known.record}
end
local existing = redis.call('HGET', RUN, 'record')
if existing then return {'existing', existing} end
local given = read_record(arguments(8))
local name = unquote(given.fields.name)
local full = when_full == 'refuse' and full_group(groups, name, places_by_now(name))
if full then return {'full', redis.call('SRANDMEMBER', PLACES .. full)} end

local run = {record = {names = {}, fields = {}}, seq = 0, published = 0, counts = {}, at = clock(), events = {},
  marks = ''}
note(by, given.fields.rerun_of == 'null' and 'start' or 'rerun', id)
for _, field in ipairs(given.names) do put(run.record, field, given.fields[field]) end
put(run.record, 'created_at', run.at)
put(run.record, 'kwargs', fit(run.record, '', 'kwargs', given.fields.kwargs))
redis.call('HSET', RUN, 'owner', '', 'token', '', 'op', 0, 'answer', '[]', 'intents', 0,
  'rescues', 0, 'by', by)
redis.call('ZADD', KEYS[9], run.at, id)
tally('runs')
local enters = enter(groups, name, id, run.at)
if sealed ~= '' then redis.call('HSET', RUN, 'sealed', sealed) end
if groups ~= '' then redis.call('HSET', RUN, 'groups', groups) end
if enters then redis.call('ZADD', UNOWNED, run.at, id) else put(run.record, 'meta', WAITING_META) end
if KEYS[10] then redis.call('SET', KEYS[10], digest .. ' ' .. id, 'EX', lifetime) end
return {enters and 'created' or 'waits', finish(run, 'PENDING')}
