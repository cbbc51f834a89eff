-- For wrk: sends the requests of a file in turn, each a line of a token, a tab and a body, and
-- prints what came of it in one line, for load.rs to read.
--
-- Arguments: the file; what a good answer contains, or nothing where its size is checked; the
-- first number. Where a body has "#########", a new number takes its place in each request.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file, marker = args[1], args[2]
  local number = tonumber(args[3])
  local at, requests = 0, {}
  local headers = { ["Content-Type"] = "application/json", ["Accept"] = "@ACCEPT@" }
  bad = 0
  local function format(token, body)
    headers["Authorization"] = token ~= "" and "Bearer " .. token or nil
    return wrk.format("POST", nil, headers, body)
  end
  for line in io.lines(file) do
    local token, body = line:match("^([^\t]*)\t(.*)$")
    if body:find("#########", 1, true) then
      table.insert(requests, function()
        number = number + 1
        return format(token, (body:gsub("#########", string.format("%09d", number))))
      end)
    else
      local made = format(token, body)
      table.insert(requests, function() return made end)
    end
  end

  function request()
    at = at % #requests + 1
    return requests[at]()
  end

  if marker ~= "" then
    -- wrk hands answers over, which costs it time, only if there is such a function.
    function response(status, _, body)
      if status ~= 200 or not body:find(marker, 1, true) then
        bad = bad + 1
        if bad == 1 then io.stderr:write(status, " ", body, "\n") end
      end
    end
  end
end

function done(summary, latency)
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("bad") end
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d %d\n",
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout,
    math.max(errors.status, wrong)))
end
