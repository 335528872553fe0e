-- Takes one beat of a process and tells it what it should know.
--
-- KEYS  1 the beats, 2 the process's set of runs, 3 the runs with revokes (the runs' own keys are
--       built: their number depends on what the process holds)
-- ARGV  1 process, 2 the beat: JSON without its closing brace, 3 channel of the beats, 4 at most
--       how many revokes, then run id, path and attempt of each claim it works on
-- Returns now (ms), how many runs it owns, a list of process and beat in turn, a list of run id
--       and path in turn: revokes that are not served yet, another one of those claims whose run
--       or node there is no more, and another one of those whose node has ended, or goes on by
--       another attempt
-- Event: the beat, on its channel; "emptied" to all watchers and relays if it is the first one that
--       Redis knows of

local beats, owned, revokes = KEYS[1], KEYS[2], KEYS[3]
local process, most, at = ARGV[1], tonumber(ARGV[4]) * 2, clock()
local text = ARGV[2] .. ',"seen_at":' .. at .. '}'
redis.call('HSET', beats, process, text)
if redis.call('HINCRBY', TALLIES, 'beats', 1) == 1 then -- the first one ever, or Redis was emptied
  redis.call('PUBLISH', ALL_WATCHERS, '{"kind":"emptied"}')
end
redis.call('PUBLISH', ARGV[3], text)

local unserved, orphans, ended = {}, {}, {}
local function add(id, path)
  if #unserved < most then
    unserved[#unserved + 1] = id
    unserved[#unserved + 1] = path
  end
end

local function has_ended(node) return FINAL[string.match(node, '\n,?"state":"(%u+)"')] end

local function goes_on(id, path)
  if path == '' then return not FINAL[redis.call('HGET', RUN_PREFIX .. id, 'state')] end
  local node = redis.call('HGET', NODES_PREFIX .. id, path)
  return node and not has_ended(node)
end

for _, id in ipairs(redis.call('SINTER', owned, revokes)) do
  for _, field in ipairs(redis.call('HKEYS', RUN_PREFIX .. id)) do
    local path = string.match(field, '^intent:(.*)$')
    if path and goes_on(id, path) then add(id, path) end
  end
end
for i = 5, #ARGV, 3 do
  local id, path, attempt = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local node = redis.call('HGET', NODES_PREFIX .. id, path)
  if not node then
    orphans[#orphans + 1] = id
    orphans[#orphans + 1] = path
  elseif has_ended(node) or number_in(node, 'attempt') ~= attempt then
    ended[#ended + 1] = id
    ended[#ended + 1] = path
  elseif redis.call('SISMEMBER', revokes, id) == 1 then
    RUN = RUN_PREFIX .. id
    if is_revoked({intents = 1}, path) then add(id, path) end
  end
end
return {at, redis.call('SCARD', owned), redis.call('HGETALL', beats), unserved, orphans,
  ended}
