-- The events of a run after a number, if all of them are kept.
--
-- KEYS  1 the run, 2 its events
-- ARGV  1 epoch, 2 the number
-- Returns {"ok", seq, events...}; {"gone"}, {"events_gone"}
-- Event: none

local epoch, since = ARGV[1], tonumber(ARGV[2])
local control = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
if not control[1] then return {'gone'} end
local seq = tonumber(control[2])
if control[1] ~= epoch or since > seq then return {'events_gone'} end
if since == seq then return {'ok', control[2]} end
local first = string.format('%.0f-0', since + 1)
local entries = redis.call('XRANGE', KEYS[2], first, '+')
if #entries ~= seq - since or entries[1][1] ~= first then return {'events_gone'} end
local answer = {'ok', control[2]}
for _, entry in ipairs(entries) do answer[#answer + 1] = entry[2][2] end
return answer
