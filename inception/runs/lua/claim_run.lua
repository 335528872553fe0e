-- Makes a process the owner of a run, if nobody but `from_owner` holds it.
--
-- KEYS  1-8 the run's keys, 9 the new owner's set of runs, 10 that of `from_owner`
-- ARGV  1 run id, 2 owner, 3 token, 4 from_owner (empty: nobody), 5 "1" for a rescue,
--       6 the key of Celery's result of the run (empty: it is kept elsewhere)
-- Returns {"ok", record, rescues, "1" if nobody has held it before, sealed secrets or ""};
--       {"gone"}, {"ended"}, {"held", owner}, {"waits"} for a place
-- Event: the run as STARTED, the first time and after a retry, whose beginning is noted
--
-- Who owns a run has a beat, here and in bury: else nobody would find that it is dead.

local id, owner, token, from_owner, rescue = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local result = ARGV[6]
local run = open_run()
if not run then return {'gone'} end
if FINAL[run.state] then return {'ended'} end
if redis.call('HEXISTS', RUN, 'waits') == 1 then return {'waits'} end

local function rescues() return tonumber(redis.call('HGET', RUN, 'rescues')) end

-- Owners that die are found by their beats. One that was called dead while it stood still, or that is
-- leaving, has none any more: it gets one, which stands still unless it beats itself.
local function be_known()
  if redis.call('HEXISTS', BEATS, owner) == 1 then return end
  local said = '{"process":%s,"kind":"watcher","host":"","pid":0,"name":%s,"slots":0,"queues":[],'
    .. '"running":[],"stopping":true,"counter":0,"seen_at":%s}'
  local name = cjson.encode(owner)
  redis.call('HSET', BEATS, owner, string.format(said, name, name, run.at))
end

local is_ours = run.owner == owner and run.token == token
if not is_ours then
  if run.owner ~= from_owner then return {'held', run.owner} end
  redis.call('HSET', RUN, 'owner', owner, 'token', token, 'op', 0, 'answer', '[]')
  if result ~= '' then redis.call('HSET', RUN, 'result', result) end
  if rescue == '1' then
    redis.call('HINCRBY', RUN, 'rescues', 1)
    tally('rescues')
  end
  redis.call('ZREM', UNOWNED, id)
  redis.call('SREM', KEYS[10], id)
  redis.call('SADD', KEYS[9], id)
  be_known()
end
local is_first = run.state == 'PENDING'
local is_retried = run.state == 'RETRY'
if is_first then put(run.record, 'started_at', run.at) end
if is_retried then put(run.record, 'retried_at', run.at) end
if is_first or is_retried then
  put(run.record, 'meta', EMPTY_META) -- it may have said that it waits
  finish(run, 'STARTED')
end
return {'ok', render(run.record), rescues(), is_first and '1' or '0',
  redis.call('HGET', RUN, 'sealed') or ''}
