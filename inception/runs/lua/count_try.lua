-- Counts a try to sign in with each counter that concerns it, until one has had its most.
--
-- KEYS  1 where the name has signed in from, then counters: of who is known there, then of others
-- ARGV  1 where it is tried from, 2 ms for which a name is known there, 3 how many of the counters
--       are for who is known; then for each how many tries it takes, and for how long (s) from the
--       first one on
-- Returns {"ok"}, {"full", seconds left}
-- Event: none

local since = redis.call('ZSCORE', KEYS[1], ARGV[1])
local is_known = since and clock() - since < tonumber(ARGV[2])
local first, last = 1, tonumber(ARGV[3])
if not is_known then first, last = last + 1, #KEYS - 1 end
for i = first, last do
  local counter, most, window = KEYS[i + 1], tonumber(ARGV[2 * i + 2]), ARGV[2 * i + 3]
  local tried = redis.call('INCR', counter)
  if tried == 1 then redis.call('EXPIRE', counter, window) end
  if tried > most then return {'full', redis.call('TTL', counter)} end
end
return {'ok'}
