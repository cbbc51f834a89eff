"""Runs one client's operations as lines of JSON ask for them, one at a time."""

import asyncio
import functools
import json


async def drive(adapter, requests, answers):
    def send(kind, value):
        answers.write(json.dumps({kind: value}) + "\n")
        answers.flush()

    client = adapter(json.loads(requests.readline()))
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, requests.readline):
        request = json.loads(line)
        variables = request.get("variables") or {}
        try:
            if request["text"].startswith("subscription"):
                send_next = functools.partial(send, "next")
                await client.subscribe(request["name"], request["text"], variables, send_next)
                send("data", None)
            else:
                send("data", await client.run(request["name"], request["text"], variables))
        except Exception as error:  # Every fault is the other side's to judge.
            send("error", {"message": repr(error), "code": await client.code_of(error)})
    await client.close()
