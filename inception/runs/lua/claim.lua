-- Claims an attempt for a compute worker, before the body runs.
--
-- KEYS  1-8 the run's keys, 9 the key of Celery's result (or absent)
-- ARGV  1 run id (JSON), 2 path, 3 attempt, 4 Celery's retries, 5 nonce of this claim,
--       6 task id, 7 worker, 8 pid (6-8 JSON), 9 Celery's result, 10 seconds that it is kept
-- Returns {"ok"}, {"ended"}, {"revoked"}, {"superseded"}, {"claimed"}, {"gone"}
-- Event: none. The owner is told ("claimed") and makes one

local id, path, attempt, retries = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local nonce, task_id, worker, pid = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local control = redis.call('HMGET', RUN, 'state', 'owner', 'intents')
local node = redis.call('HGET', NODES, path)
if not control[1] or not node then return {'gone'} end
if FINAL[control[1]] or FINAL[string.match(node, '\n,?"state":"(%u+)"')] then return {'ended'} end
local present = number_in(node, 'attempt')
if attempt < present then return {'superseded'} end
if attempt > present then return {'gone'} end -- what made this attempt was lost with Redis' memory

local claim = redis.call('HGET', CLAIMS, path)
if claim and string.find(claim, quote(nonce), 1, true) then return {'ok'} end
local ended = redis.call('HGET', CLAIMS, path .. ':end')
if ended and number_in(ended, 'attempt') == attempt then return {'ended'} end
if is_revoked({intents = tonumber(control[3])}, path) then return {'revoked'} end
if claim and number_in(claim, 'attempt') == attempt and number_in(claim, 'retries') >= retries then
  return {'claimed'}
end

local at = clock()
if ended then redis.call('HDEL', CLAIMS, path .. ':end') end
redis.call('HSET', CLAIMS, path, string.format(
  '{\n"attempt":%d\n,"retries":%d\n,"task_id":%s\n,"worker":%s\n,"pid":%s\n,"at":%s\n,"retry_at":null\n,"nonce":"%s"\n}',
  attempt, retries, task_id, worker, pid, at, nonce))
tell_owner(control[2], string.format(
  '{"kind":"claimed","run":%s,"path":"%s","attempt":%d,"retries":%d,"worker":%s,"pid":%s,"at":%s}',
  id, path, attempt, retries, worker, pid, at))
say_result(KEYS[9], ARGV[9], ARGV[10])
return {'ok'}
