-- Forgets a dead process's beat, once it owns no run any more.
--
-- KEYS  1 the beats, 2 the process's set of runs
-- ARGV  1 process
-- Returns {"ok"}, {"owns", how many}
-- Event: none

local owned = redis.call('SCARD', KEYS[2])
if owned > 0 then return {'owns', tostring(owned)} end
redis.call('HDEL', KEYS[1], ARGV[1])
return {'ok'}
