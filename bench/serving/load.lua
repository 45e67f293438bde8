-- What wrk sends and reports; load.py passes what comes after "--":
--   METHOD CONTENT-TYPE BODY [RUN [PAUSE]]
-- BODY is a file, empty for no body. With RUN, a text of 8 characters, every request is another image: the file's
-- 32 letters "u" are replaced by RUN, thread and number. A client that is refused with 503 then comes back after PAUSE
-- milliseconds, or when Retry-After tells it to. The report is a line of JSON, times in microseconds.

local threads = {}

function setup(thread)
   thread:set("id", #threads)
   threads[#threads + 1] = thread
end

function init(args)
   wrk.method = args[1]
   if args[2] ~= "" then
      wrk.headers["Content-Type"] = args[2]
   end
   if args[3] ~= "" then
      local file = assert(io.open(args[3], "rb"))
      wrk.body = file:read("*a")
      file:close()
   end
   if args[4] then
      send_others_each_time(args[4], tonumber(args[5]))
   end
end

-- Answers by status, "s200" and so on; only where each request is another.
statuses = {}

-- wrk is slower where these functions are there, so hits do without.
function send_others_each_time(run, pause_of_refused)
   local from, to = wrk.body:find(("u"):rep(32), 1, true)
   local before, after = wrk.body:sub(1, from - 1), wrk.body:sub(to + 1)
   local sent = 0
   -- Pauses of refused clients that have not begun; which client takes which makes no difference.
   local pauses, first, last = {}, 1, 0

   function request()
      sent = sent + 1
      return wrk.format(nil, nil, nil, before .. ("%8s%04d%020d"):format(run, id, sent) .. after)
   end

   function response(status, headers)
      statuses["s" .. status] = (statuses["s" .. status] or 0) + 1
      local refused = status == 503
      last = last + 1
      pauses[last] = refused and (pause_of_refused or 1000 * (tonumber(headers["retry-after"]) or 1)) or 0
   end

   function delay()
      if first > last then
         return 0
      end
      local pause = pauses[first]
      pauses[first] = nil
      first = first + 1
      return pause
   end
end

function done(summary, latency)
   local fields = {}
   for name, value in pairs(summary.errors) do
      fields[#fields + 1] = ('"%s": %d'):format(name, value)
   end
   local seen = {}
   for _, thread in ipairs(threads) do
      for status, count in pairs(thread:get("statuses")) do
         seen[status] = (seen[status] or 0) + count
      end
   end
   local counts = {}
   for status, count in pairs(seen) do
      counts[#counts + 1] = ('"%s": %d'):format(status:sub(2), count)
   end
   print(('{"requests": %d, "seconds": %f, "p50": %d, "p99": %d, "errors": {%s}, "statuses": {%s}}'):format(
      summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
      table.concat(fields, ", "), table.concat(counts, ", ")))
end
