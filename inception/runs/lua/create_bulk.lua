-- Records a bulk action and the runs that it is about.
--
-- KEYS  1 the bulk action, 2 the runs it has still to act on, 3 all that aren't done
-- ARGV  1 its id, 2 at most how many may be under way, 3 seconds it is kept, 4 action, 5 who asked,
--       6 their role, then run ids, each once
-- Returns {"ok"}; {"too_many"}
-- Event: none

local bulk, left, bulks = KEYS[1], KEYS[2], KEYS[3]
local id, most, kept, at = ARGV[1], tonumber(ARGV[2]), ARGV[3], clock()
if redis.call('ZCARD', bulks) >= most then return {'too_many'} end
local total = #ARGV - 6
redis.call('HSET', bulk, 'action', ARGV[4], 'by', ARGV[5], 'role', ARGV[6], 'total', total,
  'done', 0, 'failed', 0, 'failures', '', 'created_at', at)
redis.call('EXPIRE', bulk, kept)
if total == 0 then
  redis.call('HSET', bulk, 'finalized_at', at)
  return {'ok'}
end
for i = 7, #ARGV do redis.call('RPUSH', left, ARGV[i]) end
redis.call('EXPIRE', left, kept)
redis.call('ZADD', bulks, at, id)
return {'ok'}
