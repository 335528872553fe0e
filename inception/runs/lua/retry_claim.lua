-- Records that Celery's own retry of an attempt is to follow: nobody works on it until then.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id (JSON), 2 path, 3 attempt, 4 Celery's retries, 5 error (JSON), 6 eta in ms or ""
-- Returns {"ok"}; {"claimed"} if the claim is another's, {"gone"} if there is none
-- Event: none. The owner is told ("retry") and makes one

local id, path, attempt, retries = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local problem, eta = ARGV[5], ARGV[6]
local owner = redis.call('HGET', RUN, 'owner')
local text = redis.call('HGET', CLAIMS, path)
if not owner or not text then return {'gone'} end
if number_in(text, 'attempt') ~= attempt or number_in(text, 'retries') ~= retries then
  return {'claimed'}
end
if eta == '' then eta = clock() end
local claim = parse(text)
put(claim, 'retry_at', eta)
redis.call('HSET', CLAIMS, path, render(claim))
tell_owner(owner, string.format(
  '{"kind":"retry","run":%s,"path":"%s","attempt":%d,"retries":%d,"error":%s,"eta":%s}',
  id, path, attempt, retries, problem, eta))
return {'ok'}
