-- The runs that wait for an owner: those given back at once, new ones after a while.
--
-- KEYS  1 the runs that wait for an owner
-- ARGV  1 how long a new run is left to its message (ms), 2 at most how many
-- Returns run ids, those given back first, then the oldest
-- Event: none

local before = string.format('%.0f', tonumber(clock()) - tonumber(ARGV[1]))
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', before, 'LIMIT', 0, ARGV[2])
