-- Deletes a run that has ended, with everything that is kept of it.
--
-- KEYS  1-8 the run's keys, 9 index of all runs, 10 the run's logs (the logs' own keys are built)
-- ARGV  1 run id, 2 who deletes it (empty: nobody, it is past its time)
-- Returns {"ok"}; {"gone"}, {"not_ended"}
-- Event: {"gone": id} on the run's channel and the list's

local id = ARGV[1]
local state = redis.call('HGET', RUN, 'state')
if not state then return {'gone'} end
if not FINAL[state] then return {'not_ended'} end
note(ARGV[2], 'delete', id)
for _, log in ipairs(redis.call('HKEYS', KEYS[10])) do
  redis.call('UNLINK', LOG_PREFIX .. id .. ':' .. log)
end
redis.call('UNLINK', RUN, NODES, LARGE, JOURNAL, CLAIMS, EVENTS, KEYS[10])
redis.call('ZREM', KEYS[9], id)
redis.call('ZREM', STATE_INDEX .. state, id)
redis.call('ZREM', UNOWNED, id)
redis.call('SREM', REVOKES, id)
local gone = '{"gone":"' .. id .. '"}'
redis.call('PUBLISH', EVENTS, gone)
redis.call('PUBLISH', LIST_CHANNEL, gone)
return {'ok'}
