-- Takes a run out of a process's set, unless the process does own it.
--
-- KEYS  1 the run, 2 the process's set of runs
-- ARGV  1 run id, 2 process
-- Returns {"ok"}, {"held"}
-- Event: none

if redis.call('HGET', KEYS[1], 'owner') == ARGV[2] then return {'held'} end
redis.call('SREM', KEYS[2], ARGV[1])
return {'ok'}
