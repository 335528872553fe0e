-- Records the end of an attempt, as the last act of whoever holds its claim. First end wins.
--
-- KEYS  1-8 the run's keys, 9 the key of Celery's result (or absent)
-- ARGV  1 run id (JSON), 2 path, 3 attempt, 4 Celery's retries, 5 how large an end may be to be
--       told whole (bytes), 6 Celery's result, 7 seconds that it is kept, then the end's record:
--       number of fields, name and value of each
-- Returns {"ok"}; {"ended"} if there is an end, {"claimed"} if the claim is another's,
--       {"superseded"} if a later attempt exists (the owner is told all the same), {"gone"} if
--       there is no run, node or such an attempt: one that is made anew must not find its end there
-- Event: none. The owner is told ("end") and makes one

local id, path, attempt, retries = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local most = tonumber(ARGV[5])
local control = redis.call('HMGET', RUN, 'state', 'owner')
local node = redis.call('HGET', NODES, path)
if not control[1] or not node then return {'gone'} end

local present = number_in(node, 'attempt')
if attempt > present then return {'gone'} end -- what made this attempt was lost with Redis' memory

local record = read_record(arguments(8))
local said = render(record)
put(record, 'at', clock())
local text = render(record)

local function tell(superseded)
  tell_owner(control[2], string.format(
    '{"kind":"end","run":%s,"path":"%s","attempt":%d,"superseded":%s,"result":%s,"end":%s}',
    id, path, attempt, tostring(superseded), tostring(KEYS[9] ~= nil and not superseded), #text <= most and text or 'null'))
end

local ended = redis.call('HGET', CLAIMS, path .. ':end')
if ended and number_in(ended, 'attempt') == attempt then
  local is_ours = string.sub(ended, 1, #said - 2) == string.sub(said, 1, -3)
  return {is_ours and 'ok' or 'ended'}
end
local claim = redis.call('HGET', CLAIMS, path)
if attempt < present then
  tell(true)
  return {'superseded'}
end
if FINAL[control[1]] or FINAL[string.match(node, '\n,?"state":"(%u+)"')] then return {'ended'} end
if claim and number_in(claim, 'attempt') == attempt and number_in(claim, 'retries') ~= retries then
  return {'claimed'}
end
redis.call('HSET', CLAIMS, path .. ':end', text)
tell(false)
say_result(KEYS[9], ARGV[6], ARGV[7])
return {'ok'}
