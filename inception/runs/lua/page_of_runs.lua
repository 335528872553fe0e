-- One page of an index, newest first, with the records, in one step.
--
-- KEYS  1 the index: all runs, or those in one state (the runs' own keys are built: their number
--       depends on what the index holds)
-- ARGV  1 least and 2 largest time of creation (ms, or -inf and +inf), 3 run id to go on after
--       among those created at 2 ("" for none), 4 at most how many
-- Returns a list of run id, time of creation and record in turn
-- Event: none

local index, least, largest, after, most = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local found, skip = {}, 0
while #found < most * 3 do
  local page = redis.call('ZREVRANGEBYSCORE', index, largest, least, 'WITHSCORES', 'LIMIT', skip, most)
  for i = 1, #page, 2 do
    local id, created = page[i], page[i + 1]
    local is_seen = after ~= '' and created == largest and id >= after
    local record = not is_seen and #found < most * 3 and redis.call('HGET', RUN_PREFIX .. id, 'record')
    if record then
      found[#found + 1] = id
      found[#found + 1] = created
      found[#found + 1] = record
    end
  end
  if #page < most * 2 then break end
  skip = skip + most
end
return found
