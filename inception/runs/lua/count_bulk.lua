-- Counts what came of one run of a bulk action, once, and closes the action after the last.
--
-- KEYS  1 the bulk action, 2 the runs it has still to act on, 3 all that aren't done, 4 its lease
-- ARGV  1 its id, 2 who holds the lease, 3 for how long it does from now on (ms), 4 run id,
--       5 what went wrong (JSON, or empty), 6 at most how many of these are kept
-- Returns {"ok"}; {"stale"} if another holds the lease
-- Event: the id on the channel of the bulk action, named like its key

local bulk, left, bulks, lease = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, holder, failure = ARGV[1], ARGV[2], ARGV[5]
if redis.call('GET', lease) ~= holder then return {'stale'} end
redis.call('PEXPIRE', lease, ARGV[3])
if redis.call('LREM', left, 1, ARGV[4]) == 1 and redis.call('EXISTS', bulk) == 1 then
  if failure == '' then
    redis.call('HINCRBY', bulk, 'done', 1)
  elseif redis.call('HINCRBY', bulk, 'failed', 1) <= tonumber(ARGV[6]) then
    local known = redis.call('HGET', bulk, 'failures')
    redis.call('HSET', bulk, 'failures', known == '' and failure or known .. ',' .. failure)
  end
end
if redis.call('EXISTS', left) == 0 then
  if redis.call('EXISTS', bulk) == 1 then redis.call('HSET', bulk, 'finalized_at', clock()) end
  redis.call('ZREM', bulks, id)
  redis.call('DEL', lease)
end
redis.call('PUBLISH', bulk, id)
return {'ok'}
