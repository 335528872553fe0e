-- Deletes a run that has ended, with everything that is kept of it.
--
-- KEYS  1-8 the run's keys, 9 index of all runs, 10 the run's logs (the logs' own keys are built, and
--       those of the results that Celery keeps of the run and its nodes)
-- ARGV  1 run id, 2 who deletes it (empty: nobody, it is past its time)
-- Returns {"ok"}; {"gone"}, {"not_ended"}
-- Event: {"gone": id} on the run's channel and the list's; "deleted" to all watchers if its result
--       is kept elsewhere

local id = ARGV[1]
local state = redis.call('HGET', RUN, 'state')
if not state then return {'gone'} end
if not FINAL[state] then return {'not_ended'} end
note(ARGV[2], 'delete', id)

-- Most nodes' results are gone by now, those of successes within seconds. Those are not that were
-- stored while nobody was there to delete them, and else would stay for as long as Celery keeps
-- results. Of thousands of successes none is looked for: it would take Redis 19 ms for 10,000.
local function may_have_results()
  local number = redis.call('HLEN', NODES)
  local counts = string.match(redis.call('HGET', RUN, 'record'), '\n,?"counts":([^\n]*)')
  return number <= 1000 or (read_counts(counts).SUCCESS or 0) < number
end

local function forget_results(key)
  redis.call('UNLINK', key)
  if not may_have_results() then return end
  local prefix, found = string.sub(key, 1, #key - #id), {}
  for _, node in ipairs(redis.call('HVALS', NODES)) do
    found[#found + 1] = prefix .. string.match(node, '\n,?"task_id":"([^"]*)"')
    if #found == 1000 then
      redis.call('UNLINK', unpack(found))
      found = {}
    end
  end
  if #found > 0 then redis.call('UNLINK', unpack(found)) end
end

local result = redis.call('HGET', RUN, 'result')
if result then
  forget_results(result)
else
  redis.call('PUBLISH', ALL_WATCHERS, '{"kind":"deleted","run":' .. cjson.encode(id) .. '}')
end
for _, log in ipairs(redis.call('HKEYS', KEYS[10])) do
  if not string.find(log, '#', 1, true) then -- else it is a mark beside a log's counts
    redis.call('UNLINK', LOG_PREFIX .. id .. ':' .. log)
  end
end
redis.call('UNLINK', RUN, NODES, LARGE, JOURNAL, CLAIMS, EVENTS, KEYS[10])
redis.call('ZREM', KEYS[9], id)
redis.call('ZREM', STATE_INDEX .. state, id)
redis.call('ZREM', UNOWNED, id)
redis.call('SREM', REVOKES, id)
local gone = '{"gone":"' .. id .. '"}'
redis.call('PUBLISH', EVENTS, gone)
redis.call('PUBLISH', LIST_CHANNEL, gone)
return {'ok'}
