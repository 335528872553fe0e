-- Lets a run that ended badly go on: its intents are removed, and whoever takes it over starts
-- anew what ended badly up to now.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 who asks for it, 3 the run's meta (JSON)
-- Returns {"ok", record}; {"gone"}, {"not_ended"}, {"succeeded"}
-- Event: the run as RETRY

local id, by, meta = ARGV[1], ARGV[2], ARGV[3]
local run = open_run()
if not run then return {'gone'} end
if not FINAL[run.state] then return {'not_ended'} end
if run.state == 'SUCCESS' then return {'succeeded'} end

for _, field in ipairs(redis.call('HKEYS', RUN)) do
  if string.sub(field, 1, 7) == 'intent:' then redis.call('HDEL', RUN, field) end
end
redis.call('HSET', RUN, 'owner', '', 'token', '', 'op', 0, 'answer', '[]', 'intents', 0,
  'rescues', 0, 'by', by, 'retried_at', run.at)
for _, name in ipairs({'value', 'traceback'}) do
  put(run.record, name, fit(run.record, '', name, 'null'))
end
for _, name in ipairs({'revoke', 'finalized_at'}) do put(run.record, name, 'null') end
put(run.record, 'meta', meta)
redis.call('ZADD', UNOWNED, 0, id)
redis.call('PUBLISH', ALL_WATCHERS, '{"kind":"given_back"}')
return {'ok', finish(run, 'RETRY')}
