-- Lets a run that ended badly go on: its intents are removed, what did not succeed starts anew.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 the seq that the caller has read, 3 who asks for it, 4 the meta that the run
--       and those nodes begin with (JSON), then the number of parents and for each its mark in the
--       journal and its first step to start anew, then the number of nodes and for each its path,
--       task id and earlier attempt (both JSON)
-- Returns {"ok", record}; {"gone"}, {"not_ended"}, {"succeeded"}, {"changed"} if its seq moved on
-- Events: each node that starts anew, as RETRY, then the run, as RETRY

local id, seq, by, meta = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local run = open_run()
if not run then return {'gone'} end
if not FINAL[run.state] then return {'not_ended'} end
if run.state == 'SUCCESS' then return {'succeeded'} end
if run.seq ~= tonumber(seq) then return {'changed'} end
note(by, 'retry', id)

-- What the record shows of its end is taken back.
local function forget_end(record, path)
  for _, name in ipairs({'value', 'traceback'}) do
    put(record, name, fit(record, path, name, 'null'))
  end
  put(record, 'finalized_at', 'null')
  put(record, 'meta', meta)
end

for _, field in ipairs(redis.call('HKEYS', RUN)) do
  if string.sub(field, 1, 7) == 'intent:' then redis.call('HDEL', RUN, field) end
end
redis.call('HDEL', RUN, 'failure')
redis.call('HSET', RUN, 'owner', '', 'token', '', 'op', 0, 'answer', '[]', 'intents', 0,
  'rescues', 0, 'by', by, 'retried', 1)

for _, mark in ipairs(redis.call('HKEYS', JOURNAL)) do
  if string.find(mark, STOPPED, 1, true) then redis.call('HDEL', JOURNAL, mark) end
end
local argument = arguments(5)
for _ = 1, tonumber(argument()) do
  local mark = argument()
  redis.call('HSET', JOURNAL, mark, argument())
end
for _ = 1, tonumber(argument()) do
  local path, task_id, earlier = argument(), argument(), argument()
  local node = parse(redis.call('HGET', NODES, path))
  forget_end(node, path)
  put(node, 'task_id', task_id)
  start_anew(run, path, node, earlier, 'RETRY')
end

forget_end(run.record, '')
put(run.record, 'revoke', 'null')
local groups = redis.call('HGET', RUN, 'groups') or ''
if enter(groups, unquote(run.record.fields.name), id, run.at) then
  redis.call('ZADD', UNOWNED, 0, id)
  redis.call('PUBLISH', ALL_WATCHERS, '{"kind":"given_back"}')
else
  put(run.record, 'meta', WAITING_META)
end
return {'ok', finish(run, 'RETRY')}
