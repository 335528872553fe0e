-- Appends lines to the log of one attempt and drops its oldest beyond a number of bytes. Of a
-- writer that numbers its lines, those are passed over that were kept before.
--
-- KEYS  1 the run, 2 the attempt's log (also its channel), 3 the run's logs
-- ARGV  1 name of this log among the run's, 2 bytes kept, 3 writer, then for each line its number
--       (0: none), when it was said (ms, or "" for now) and the rest: JSON without its opening
--       brace
-- Returns {"ok"}, {"gone"}
-- Event: {"lines", "next", "dropped"} on the log's own channel

local run, log, logs, name, most = KEYS[1], KEYS[2], KEYS[3], ARGV[1], tonumber(ARGV[2])
if redis.call('EXISTS', run) == 0 then return {'gone'} end
local known = redis.call('HGET', logs, name) or '0 0'
local bytes, dropped = string.match(known, '^(%d+) (%d+)$')
bytes, dropped = tonumber(bytes), tonumber(dropped)

local writer, mark = ARGV[3], name .. '#kept'
local kept_by, kept = string.match(redis.call('HGET', logs, mark) or '', '^(%S+) (%d+)$')
kept = kept_by == writer and tonumber(kept) or 0

local lines, last, at = {}, '', clock()
for i = 4, #ARGV, 3 do
  local number = tonumber(ARGV[i])
  if number == 0 or number > kept then
    local said = ARGV[i + 1] == '' and at or ARGV[i + 1]
    local line = '{"at":' .. said .. ',' .. ARGV[i + 2]
    last = redis.call('XADD', log, '*', 'l', line)
    bytes = bytes + #line
    lines[#lines + 1] = line
    if number > 0 then kept = number end
  end
end
if #lines == 0 then return {'ok'} end
if writer ~= '' then redis.call('HSET', logs, mark, writer .. string.format(' %.0f', kept)) end
while bytes > most do
  local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
  if not oldest then break end
  redis.call('XDEL', log, oldest[1])
  bytes = bytes - #oldest[2][2]
  dropped = dropped + 1
end
redis.call('HSET', logs, name, string.format('%.0f %.0f', bytes, dropped))
redis.call('PUBLISH', log, string.format('{"lines":[%s],"next":"%s","dropped":%.0f}',
  table.concat(lines, ','), last, dropped))
return {'ok'}
