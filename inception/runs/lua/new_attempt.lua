-- Starts a node's next attempt: what claimed or ended the earlier one is superseded.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, 5 path, 6 task id (JSON), 7 the earlier attempt (JSON),
--       8 its state, 9 how many losses a node may have
-- Returns {"ok", attempt}; {"spent"} if it was lost too often, {"final"} if the node has ended,
--       {"ended"} if what is taken for lost has recorded another end, {"revoked"} under a revoke,
--       {"stale"}, {"lost"}, {"gone"}
-- Events: the node as RETRY, then the run. The earlier attempt ended when its claim says, or now:
--       nobody saw the moment in which one was lost

local path, task_id = ARGV[5], ARGV[6]
local earlier, earlier_state, max_losses = ARGV[7], ARGV[8], tonumber(ARGV[9])
local run, refusal = open_own_run()
if refusal then return refusal end

-- A process that is taken for dead may yet record how its child ended: that end stands.
local function has_other_end(node)
  local ended = redis.call('HGET', CLAIMS, path .. ':end')
  return ended and number_in(ended, 'attempt') == tonumber(node.fields.attempt)
    and string.match(ended, '\n,?"state":"(%u+)"') ~= 'LOST'
end

-- Inside a JSON text a quote is escaped, so the word is never found in an error's text.
local function ended(node)
  local last = redis.call('HGET', CLAIMS, path .. ':end')
  local is_its = last and number_in(last, 'attempt') == tonumber(node.fields.attempt)
  local at = is_its and number_in(last, 'at') or tonumber(run.at)
  return (string.gsub(earlier, '"finalized_at":null', string.format('"finalized_at":%.0f', at), 1))
end

local text = redis.call('HGET', NODES, path)
if not text then return {'gone'} end
local node = parse(text)
if FINAL[unquote(node.fields.state)] then return {'final'} end
if is_revoked(run, path) then return {'revoked'} end
if earlier_state == 'LOST' and has_other_end(node) then return {'ended'} end
-- Inside a JSON text a quote is escaped, so these words are never found in an error's text.
local _, losses = string.gsub(node.fields.attempts, '"state":"LOST"', '')
if earlier_state == 'LOST' then tally('losses') end
if earlier_state == 'LOST' and losses >= max_losses then return {'spent'} end

tally('attempts')
put(node, 'task_id', task_id)
local attempt = start_anew(run, path, node, ended(node), 'RETRY')
finish(run, run.state)
return answered({'ok', attempt})
