-- Hands over all runs of a process that is leaving, and rings the other watchers.
--
-- KEYS  1 the owner's set of runs, 2 the runs that wait for an owner (the runs' own keys are
--       built: their number depends on what the process holds)
-- ARGV  1 owner, then run id and token of each run it holds
-- Returns {"ok", how many runs were given back}
-- Event: none. The channel of all watchers is told

local owned, unowned, owner = KEYS[1], KEYS[2], ARGV[1]
local given = 0

local function give(id, token)
  local held = redis.call('HMGET', RUN_PREFIX .. id, 'owner', 'token')
  redis.call('SREM', owned, id)
  if held[1] ~= owner or (token and held[2] ~= token) then return end
  redis.call('HSET', RUN_PREFIX .. id, 'owner', '', 'token', '')
  redis.call('ZADD', unowned, 0, id)
  given = given + 1
end

for i = 2, #ARGV, 2 do give(ARGV[i], ARGV[i + 1]) end
-- What Redis names as this process's though it holds it not: the answer to its claim was lost.
for _, id in ipairs(redis.call('SMEMBERS', owned)) do give(id, nil) end
if given > 0 then redis.call('PUBLISH', ALL_WATCHERS, '{"kind":"given_back"}') end
return {'ok', tostring(given)}
