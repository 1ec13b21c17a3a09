-- At the end of a run of wrk: what was asked, and everything that went wrong, as one line of JSON.
done = function(summary)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}\n',
    summary.requests, e.connect, e.read, e.write, e.timeout, e.status))
end
