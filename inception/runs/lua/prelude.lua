-- What every script stands on; scripts.py puts it, and the constants it names in capitals
-- (from model.py and keys.py), before each of them.
--
-- The scripts about one run share the first eight keys, in this order:
local RUN, NODES, LARGE, JOURNAL, CLAIMS, EVENTS, UNOWNED, REVOKES = unpack(KEYS)
-- Keys beyond those of KEYS are built where their number depends on what is stored: the index of
-- a run's present state (STATE_INDEX), the channel of its present owner (ORDERS).

-- ---------------------------------------------------------------- time and arguments

-- Now in ms since the epoch, as decimal text.
local function clock()
  local time = redis.call('TIME')
  return string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
end

-- A function that returns the next argument each time, from ARGV[first] on.
local function arguments(first)
  local position = first - 1
  return function()
    position = position + 1
    return ARGV[position]
  end
end

-- Counts something for the metrics; in the same step as what is counted, so it is exact.
local function tally(what, by) redis.call('HINCRBY', TALLIES, what, by or 1) end

-- ---------------------------------------------------------------- records as text
-- A record is JSON with one field a line, so that a field is replaced without decoding any value:
-- cjson would turn [] into {} and lose the digits of large integers. What was stored is kept as its
-- text: of its twenty fields a script reads three and replaces two, and to take all of them apart
-- costs more than everything else that it does.

-- Where the value of a field begins in a record's text, and where it ends; nil if it has none.
local function locate(text, name)
  local _, last = string.find(text, '\n,"' .. name .. '":', 1, true)
  if not last then _, last = string.find(text, '\n"' .. name .. '":', 1, true) end
  if last then return last + 1, string.find(text, '\n', last, true) - 1 end
end

-- Fields of a text, which is their [1], read as they are asked for.
local AS_ASKED = {__index = function(fields, name)
  local first, last = locate(fields[1], name)
  if not first then return nil end
  fields[name] = string.sub(fields[1], first, last)
  return fields[name]
end}

local function parse(text) return {fields = setmetatable({text}, AS_ASKED)} end

-- The text with a field replaced, or added as its last one.
local function spliced(text, name, value)
  local first, last = locate(text, name)
  if first then return string.sub(text, 1, first - 1) .. value .. string.sub(text, last + 1) end
  return string.sub(text, 1, -3) .. '\n,"' .. name .. '":' .. value .. '\n}'
end

local function put(record, name, value)
  local fields = record.fields
  local present = fields[name]
  if present == value then return end
  if record.names then
    if not present then record.names[#record.names + 1] = name end
  else
    fields[1] = spliced(fields[1], name, value)
  end
  fields[name] = value
end

local function render(record)
  if not record.names then return record.fields[1] end
  local lines = {}
  for i, name in ipairs(record.names) do
    lines[i] = '"' .. name .. '":' .. record.fields[name]
  end
  return '{\n' .. table.concat(lines, '\n,') .. '\n}'
end

-- Reads a record from the arguments: the number of its fields, then name and value of each.
local function read_record(argument)
  local record = {names = {}, fields = {}}
  for _ = 1, tonumber(argument()) do
    local name = argument()
    put(record, name, argument())
  end
  return record
end

local function quote(word) return '"' .. word .. '"' end
local function unquote(text) return string.sub(text, 2, -2) end

-- A whole number out of one field of a record's text, without parsing the rest of it.
local function number_in(text, name)
  return tonumber(string.match(text, '\n,?"' .. name .. '":(%d+)'))
end

local function read_counts(text)
  local counts = {}
  for state, count in string.gmatch(text, '"(%u+)":(%d+)') do counts[state] = tonumber(count) end
  return counts
end

local function render_counts(counts)
  local parts = {}
  for _, state in ipairs(STATES) do
    if (counts[state] or 0) > 0 then
      parts[#parts + 1] = quote(state) .. ':' .. counts[state]
    end
  end
  return '{' .. table.concat(parts, ',') .. '}'
end

local function count(counts, old, new)
  if old then counts[old] = (counts[old] or 0) - 1 end
  counts[new] = (counts[new] or 0) + 1
end

-- ---------------------------------------------------------------- large fields

-- True for what events, lists and snapshots leave out.
local function is_large(name, value)
  if #value > LARGE_FIELD_BYTES then return true end
  if name == 'traceback' or #value <= LONGEST_NUMBER then return false end
  for digits in string.gmatch(value, '%d+') do
    if #digits > LONGEST_NUMBER then return true end
  end
  return false
end

-- Keeps a large value aside, names it in `omitted`, and returns what the record shows instead.
local function fit(record, path, name, value)
  local omitted = {}
  for other in string.gmatch(record.fields.omitted, '"(%a+)"') do
    if other ~= name then omitted[#omitted + 1] = quote(other) end
  end
  if is_large(name, value) then
    local aside = path .. ':' .. name
    record.moved = record.moved or redis.call('HGET', LARGE, aside) ~= value
    redis.call('HSET', LARGE, aside, value)
    omitted[#omitted + 1] = quote(name)
    value = 'null'
  elseif string.find(record.fields.omitted, quote(name), 1, true) then
    redis.call('HDEL', LARGE, path .. ':' .. name)
  end
  put(record, 'omitted', '[' .. table.concat(omitted, ',') .. ']')
  return value
end

-- The record's text if it says anything new, and nil if it says what it was read from: what is said
-- once more (its first answer was lost, or it was heard in two ways) is no change, and makes no event.
local function news(record, text)
  local present = render(record)
  return (record.moved or present ~= text) and present or nil
end

-- Takes over the patch's fields, save those that only the scripts decide.
local function merge(record, path, patch)
  for _, name in ipairs(patch.names) do
    local value = patch.fields[name]
    if not SCRIPTS_OWN[name] then
      if LARGE_FIELDS[name] then value = fit(record, path, name, value) end
      put(record, name, value)
    end
  end
end

-- ---------------------------------------------------------------- a run

-- Opens the run in RUN; nil if there is none.
local function open_run()
  local control = redis.call('HMGET', RUN, 'record', 'state', 'epoch', 'server', 'seq',
    'owner', 'token', 'op', 'answer', 'intents', 'marks', 'rescues')
  if not control[1] then return nil end
  local record = parse(control[1])
  return {
    text = control[1], record = record, state = control[2], epoch = control[3], server = control[4],
    seq = tonumber(control[5]), published = tonumber(control[5]),
    owner = control[6], token = control[7], op = tonumber(control[8]), answer = control[9],
    intents = tonumber(control[10]), marks = control[11] or '', rescues = control[12],
    counts = read_counts(record.fields.counts), at = clock(), events = {},
  }
end

-- Splits ARGV[4] into the number of the operation, which stays there, and that of the last one
-- which its owner was told is recorded (0: of none).
local function read_operation()
  local op, known = string.match(ARGV[4], '^(%d+)/?(%d*)$')
  ARGV[4] = op
  return tonumber(op), tonumber(known) or 0
end

-- What to answer instead of writing: {"stale"} to anybody but the owner, to an operation that was
-- done before what was answered then, and {"lost"} if Redis has lost what it acknowledged: the
-- owner builds on what isn't there. nil if this is the owner's next operation.
local function fence(run, owner, token, op, known)
  if run.token == token and token ~= '' and op <= run.op then
    return cjson.decode(run.answer)
  end
  if run.owner ~= owner or run.token ~= token or token == '' then return {'stale'} end
  if known > run.op then return {'lost'} end
  return nil
end

-- Opens the run for its owner: ARGV begins with run id, owner, token and op. The second result is
-- what to answer instead of going on, if there is one.
local function open_own_run()
  local run = open_run()
  if not run then return nil, {'gone'} end
  return run, fence(run, ARGV[2], ARGV[3], read_operation())
end

-- Remembers what is answered to this operation of the owner's, and returns it.
local function answered(words)
  redis.call('HSET', RUN, 'op', ARGV[4], 'answer', cjson.encode(words))
  return words
end

-- Adds lists of paths to an answer, and before each but the last one how long it is.
local function with_paths(words, ...)
  local lists = {...}
  for number, paths in ipairs(lists) do
    if number < #lists then words[#words + 1] = tostring(#paths) end
    for _, path in ipairs(paths) do words[#words + 1] = path end
  end
  return words
end

-- True if a revoke is asked for on the path or above it.
local function is_revoked(run, path)
  if run.intents == 0 then return false end
  local fields, upto = {'intent:'}, nil
  for part in string.gmatch(path, '[^.]+') do
    upto = upto and (upto .. '.' .. part) or part
    fields[#fields + 1] = 'intent:' .. upto
  end
  for _, intent in ipairs(redis.call('HMGET', RUN, unpack(fields))) do
    if intent then return true end
  end
  return false
end

-- The server's run id, another one after each of its starts: the caller's last argument, who asked
-- on this connection (scripts.py). INFO would take a script longer than all else that it reads.
local function present_server() return ARGV[#ARGV] end

-- A server that was started again may have lost its last second and would hand out the same
-- numbers again: then the numbering gets a new name, before a number is drawn.
local function renew_epoch(run)
  local server = present_server()
  if server == run.server then return end
  run.server = server
  run.epoch = string.sub(server, 1, 12) .. '-' .. run.at
  redis.call('DEL', EVENTS)
end

-- Numbers and stores one event: the whole record of a node, or of the run.
local function emit(run, kind, text)
  if #run.events == 0 then renew_epoch(run) end
  run.seq = run.seq + 1
  local head = string.format('{"seq":%.0f,"at":%s,"%s":', run.seq, run.at, kind)
  local event = head .. text .. '}'
  redis.call('XADD', EVENTS, 'MAXLEN', '~', MAX_EVENTS, string.format('%.0f-0', run.seq), 'e', event)
  run.events[#run.events + 1] = event
end

-- Records a step in the journal, and how many further attempts may follow a failure of it.
local function record_step(path, entry, retries)
  redis.call('HSET', JOURNAL, path, entry)
  if retries ~= '0' then redis.call('HSET', JOURNAL, path .. RETRIES, retries) end
end

-- Remembers the queues (JSON text → anything) that children are sent to: one that nobody consumes
-- has no other place where it is named.
local function note_queues(queues, at)
  for queue in pairs(queues) do
    if queue ~= 'null' and redis.call('ZADD', QUEUES, at, cjson.decode(queue)) == 1 then
      redis.call('ZREMRANGEBYRANK', QUEUES, 0, -MAX_QUEUES - 1)
    end
  end
end

-- ---------------------------------------------------------------- nodes of a run

-- True if a node comes before another one where children come before their parent.
local function is_before(path, other)
  local mine, theirs = string.gmatch(path, '%d+'), string.gmatch(other, '%d+')
  while true do
    local here, there = mine(), theirs()
    if not here or not there then return here ~= nil end
    if here ~= there then return tonumber(here) < tonumber(there) end
  end
end

-- Remembers the first failure of the run: whoever opens it wants to see that, however far down it is.
-- That of a child comes before its parent's, which it explains.
local function note_failure(path)
  local first = redis.call('HGET', RUN, 'failure')
  if not first or is_before(path, first) then redis.call('HSET', RUN, 'failure', path) end
end

-- Gives the node its state, with what follows from it: times and counts.
local function move_node(run, node, old, new)
  put(node, 'state', quote(new))
  if new == 'FAILURE' or new == 'LOST' then note_failure(unquote(node.fields.path)) end
  if new ~= old then count(run.counts, old, new) end
  if new == 'LOST' and old ~= 'LOST' then tally('losses') end
  if FINAL[new] and node.fields.finalized_at == 'null' then
    put(node, 'finalized_at', run.at)
  end
end

local function store_node(run, path, node, text)
  text = text or render(node)
  redis.call('HSET', NODES, path, text)
  emit(run, 'node', text)
end

-- The state a node gets that shall have the state `wanted`, given the revokes asked for.
local function state_under_intents(run, path, node, wanted)
  if wanted == 'REVOKED' or wanted == 'LOST' or not is_revoked(run, path) then return wanted end
  if not FINAL[wanted] then return 'REVOKING' end
  if node.fields.kind == '"parent"' then return 'REVOKED' end
  return wanted
end

-- Merges a patch into the node at path. Returns "ok", also if it says nothing new; with nothing done "refused" if it is final
-- or not there, and "revoked" if it would end otherwise than as REVOKED a parent that is to stop:
-- what else such an end says (its meta, its value) would be that of another one.
local function patch_node(run, path, patch)
  local text = redis.call('HGET', NODES, path)
  if not text then return 'refused' end
  local node = parse(text)
  local old = unquote(node.fields.state)
  if FINAL[old] then return 'refused' end
  local wanted = patch.fields.state and unquote(patch.fields.state) or old
  local state = state_under_intents(run, path, node, wanted)
  if FINAL[wanted] and state ~= wanted then return 'revoked' end
  merge(node, path, patch)
  local begun = wanted == 'STARTED' or wanted == 'PROGRESS'
  if begun and wanted ~= old and node.fields.started_at == 'null' then
    put(node, 'started_at', run.at)
  end
  move_node(run, node, old, state)
  local said = news(node, text)
  if said then store_node(run, path, node, said) end
  return 'ok'
end

-- Reads patches of nodes from the arguments: their number, and for each its path and patch.
local function read_patches(argument)
  local patches = {}
  for i = 1, tonumber(argument()) do
    local path = argument()
    patches[i] = {path = path, patch = read_record(argument)}
  end
  return patches
end

-- Merges patches into nodes. Returns the paths that were "refused", and those "revoked", of those
-- that were left as they are.
local function patch_nodes(run, patches)
  local left = {refused = {}, revoked = {}}
  for _, each in ipairs(patches) do
    local paths = left[patch_node(run, each.path, each.patch)]
    if paths then paths[#paths + 1] = each.path end
  end
  return left
end

-- True if a worker has the node's present attempt in hand. Nobody works on one that
-- Celery itself is to retry, and once the node has ended the retry's claim is refused.
local function is_claimed(path)
  local claim = redis.call('HGET', CLAIMS, path)
  local node = redis.call('HGET', NODES, path)
  return claim and node and number_in(claim, 'attempt') == number_in(node, 'attempt')
    and not number_in(claim, 'retry_at')
end

-- What was asked of what the node did before concerns what it does anew no more.
local function forget_revoke(node)
  if node.fields.revoke then put(node, 'revoke', 'null') end
end

-- Gives the node its next attempt, the earlier one kept; its claim and end are superseded.
local function start_anew(run, path, node, earlier, state)
  local attempts = unquote(node.fields.attempts)
  put(node, 'attempts', '[' .. (attempts == '' and '' or attempts .. ',') .. earlier .. ']')
  put(node, 'attempt', string.format('%.0f', node.fields.attempt + 1))
  put(node, 'queued_at', run.at)
  for _, name in ipairs({'worker', 'waiting', 'started_at', 'finalized_at'}) do
    put(node, name, 'null')
  end
  forget_revoke(node)
  move_node(run, node, unquote(node.fields.state), state)
  store_node(run, path, node)
  return node.fields.attempt
end

-- Ends every node that is not final as REVOKED.
local function revoke_nodes(run)
  for _, path in ipairs(redis.call('HKEYS', NODES)) do
    local node = parse(redis.call('HGET', NODES, path))
    local old = unquote(node.fields.state)
    if not FINAL[old] then
      move_node(run, node, old, 'REVOKED')
      store_node(run, path, node)
    end
  end
end

-- How many nodes are not final.
local function unended(run)
  local sum = 0
  for state, number in pairs(run.counts) do
    if not FINAL[state] then sum = sum + number end
  end
  return sum
end

-- ---------------------------------------------------------------- the end of each script

-- Publishes what was emitted, in batches of at most 100 events: a reader's buffer is bounded.
local function publish(run)
  tally('events', #run.events)
  for first = 1, #run.events, 100 do
    local last = math.min(first + 99, #run.events)
    redis.call('PUBLISH', EVENTS, string.format(
      '{"run_id":%s,"epoch":"%s","from":%.0f,"to":%.0f,"events":[%s]}',
      run.record.fields.id, run.epoch, run.published + first - 1, run.published + last,
      table.concat(run.events, ',', first, last)))
  end
end

-- Moves the run between the indexes by state.
local function reindex(run, state)
  local id, created = unquote(run.record.fields.id), run.record.fields.created_at
  if run.state then redis.call('ZREM', STATE_INDEX .. run.state, id) end
  redis.call('ZADD', STATE_INDEX .. state, created, id)
end

-- Notes how long the run had gone on when its progress first reached each tenth of the whole.
local function mark_progress(run)
  local started = tonumber(run.record.fields.started_at)
  local reached = tonumber(string.match(run.record.fields.meta, '"completion":([%d.]+)'))
  if not started or not reached then return end
  local _, marked = string.gsub(run.marks, '%d+', '')
  local tenths = math.min(9, math.floor(reached / 10))
  if tenths <= marked then return end
  local mark = string.format('%.0f,', math.max(0, run.at - started))
  run.marks = run.marks .. string.rep(mark, tenths - marked)
  redis.call('HSET', RUN, 'marks', run.marks)
end

-- Keeps how the run ended, and how long it took, among the latest ends of its parent. A run that
-- was retried before says nothing of how long a whole one takes.
local function remember_end(run, state)
  local started = tonumber(run.record.fields.started_at)
  local whole = started and redis.call('HEXISTS', RUN, 'retried') == 0
  local key = ENDS .. cjson.decode(run.record.fields.name)
  redis.call('LPUSH', key, string.format(
    '{"run_id":%s,"state":"%s","ended_at":%s,"duration":%s,"marks":[%s]}',
    run.record.fields.id, state, run.at,
    whole and string.format('%.0f', math.max(0, run.at - started)) or 'null',
    whole and string.sub(run.marks, 1, -2) or ''))
  redis.call('LTRIM', key, 0, MAX_RECENT_ENDS - 1)
  redis.call('EXPIRE', key, RECENT_ENDS_KEPT)
end

-- Stores the run with its present numbers, as the last event of this step, and publishes all.
local function finish(run, state)
  if state ~= run.state then reindex(run, state) end
  mark_progress(run)
  if #run.events == 0 then renew_epoch(run) end
  put(run.record, 'state', quote(state))
  put(run.record, 'epoch', quote(run.epoch))
  put(run.record, 'seq', string.format('%.0f', run.seq + 1))
  put(run.record, 'counts', render_counts(run.counts))
  local text = render(run.record)
  emit(run, 'run', text)
  redis.call('HSET', RUN, 'record', text, 'state', state, 'epoch', run.epoch,
    'server', run.server, 'seq', string.format('%.0f', run.seq))
  publish(run)
  redis.call('PUBLISH', LIST_CHANNEL, text)
  run.state = state
  return text
end

-- Merges the owner's patch into the run and stores it, if that or an event before it says anything
-- new, or the numbering gets a new name. Only end_run gives it a final state.
local function finish_patched(run, patch)
  local wanted = patch.fields.state and unquote(patch.fields.state) or run.state
  if FINAL[wanted] then wanted = run.state end
  merge(run.record, '', patch)
  if is_revoked(run, '') then wanted = 'REVOKING' end
  local says_nothing = #run.events == 0 and wanted == run.state
    and not news(run.record, run.text) and present_server() == run.server
  if not says_nothing then finish(run, wanted) end
end

-- ---------------------------------------------------------------- places
-- Some parents let only so many of their runs go on at once. A run's field `groups` says in which
-- groups it needs a place, one a line: how many places there are, and the group's name. PLACES is
-- the set of those who have one, WAITING (by the parent's name) those who wait, oldest first.

local function each_group(groups) return string.gmatch(groups, '(%d+) ([^\n]+)\n') end

-- How many places the group of a parent's name has by what its workers say now, nil if they say
-- nothing of it. A run that waits may be of a version that had more of them, or fewer.
local function places_by_now(name)
  local parent = redis.call('HGET', CATALOGUE, name)
  local limits = parent and cjson.decode(parent).limits
  return type(limits) == 'table' and tonumber(limits.max_running) or nil
end

-- The group that has no place left, or nil; `by_now` is what places_by_now says.
local function full_group(groups, name, by_now)
  for places, group in each_group(groups) do
    local number = group == name and by_now or tonumber(places)
    if redis.call('SCARD', PLACES .. group) >= number then return group end
  end
  return nil
end

local function take_places(groups, id)
  for _, group in each_group(groups) do redis.call('SADD', PLACES .. group, id) end
end

-- Lets in those of the first 100 in line who find all their places now.
local function let_in(name, by_now)
  local is_any = false
  for _, next_id in ipairs(redis.call('ZRANGE', WAITING .. name, 0, 99)) do
    local wanted = redis.call('HGET', RUN_PREFIX .. next_id, 'groups') or ''
    if not full_group(wanted, name, by_now) then
      take_places(wanted, next_id)
      redis.call('ZREM', WAITING .. name, next_id)
      redis.call('HDEL', RUN_PREFIX .. next_id, 'waits')
      redis.call('ZADD', UNOWNED, 0, next_id)
      is_any = true
    end
  end
  if is_any then redis.call('PUBLISH', ALL_WATCHERS, '{"kind":"given_back"}') end
end

-- Lets a run go on as soon as it may: at once, or when it is let in. True if at once. Who stands in
-- line and finds a place by now comes first.
local function enter(groups, name, id, created)
  local by_now = groups ~= '' and places_by_now(name) or nil
  if by_now and redis.call('SCARD', PLACES .. name) < by_now then let_in(name, by_now) end
  if full_group(groups, name, by_now) then
    redis.call('ZADD', WAITING .. name, created, id)
    redis.call('HSET', RUN, 'waits', 1)
    return false
  end
  take_places(groups, id)
  redis.call('HDEL', RUN, 'waits')
  return true
end

-- Gives up the run's places, and lets others in.
local function leave_places(id, name)
  local groups = redis.call('HGET', RUN, 'groups')
  if not groups or groups == '' then return end
  redis.call('ZREM', WAITING .. name, id)
  for _, group in each_group(groups) do redis.call('SREM', PLACES .. group, id) end
  let_in(name, places_by_now(name))
end

-- Ends the run: it has no owner any more, and waits for none.
local function end_run(run, state, owned)
  local id = unquote(run.record.fields.id)
  leave_places(id, unquote(run.record.fields.name))
  put(run.record, 'finalized_at', run.at)
  redis.call('HSET', RUN, 'owner', '')
  redis.call('ZREM', UNOWNED, id)
  redis.call('SREM', REVOKES, id)
  if owned then redis.call('SREM', owned, id) end
  local text = finish(run, state)
  remember_end(run, state)
  return text
end

-- Notes who does what to a run, in the same step as the deed and before its first write: where this
-- fails, nothing was done.
local function note(by, deed, id, path)
  if by == '' then return end
  local fields = {'by', by, 'deed', deed, 'run_id', id}
  if path and path ~= '' then fields[7], fields[8] = 'path', path end
  redis.call('XADD', AUDIT, 'MAXLEN', '~', MAX_AUDIT_ENTRIES, '*', unpack(fields))
end

-- Tells the run's owner something, if it has one.
local function tell_owner(owner, message)
  if owner and owner ~= '' then redis.call('PUBLISH', ORDERS .. owner, message) end
end

-- Stores and publishes a state on Celery's own result channel, as its Redis backend does.
local function say_result(key, text, seconds)
  if not key then return end
  if tonumber(seconds) > 0 then
    redis.call('SET', key, text, 'EX', seconds)
  else
    redis.call('SET', key, text)
  end
  redis.call('PUBLISH', key, text)
end
