"""The client that ariadne-codegen has generated, driven by lines of JSON."""

import asyncio
import inspect
import sys

from driver import drive

sys.path.insert(0, sys.argv[1])
from generated import Client  # noqa: E402
from generated.exceptions import GraphQLClientGraphQLMultiError  # noqa: E402


# region settings
def open_client(url, socket_url, token):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return Client(url=url, headers=headers, ws_url=socket_url, ws_connection_init_payload=headers)


def code_of(error):
    if isinstance(error, GraphQLClientGraphQLMultiError):
        return error.errors[0].extensions["code"]
    return None
# endregion


class Adapter:
    def __init__(self, settings):
        self.client = open_client(settings["url"], settings["socketUrl"], settings.get("token"))

    async def run(self, name, text, variables):
        method = getattr(self.client, name.lower())
        # `filter` is `filter_` in the generated code, for it is the name of a builtin function.
        names = {each.rstrip("_"): each for each in inspect.signature(method).parameters}
        result = await method(**{names[name]: value for name, value in variables.items()})
        return result.model_dump(mode="json", by_alias=True)

    async def subscribe(self, name, text, variables, send):
        async for data in getattr(self.client, name.lower())(**variables):
            send(data.model_dump(mode="json", by_alias=True))

    async def code_of(self, error):
        return code_of(error)

    async def close(self):
        await self.client.http_client.aclose()


asyncio.run(drive(Adapter, sys.stdin, sys.stdout))
