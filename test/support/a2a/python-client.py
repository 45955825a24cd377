"""Drives an agent with the Python SDK of A2A, in the version that is named, and prints what came of it as JSON."""
import asyncio
import json
import os
import sys

import httpx
from a2a.client import A2ACardResolver, ClientCallContext, ClientConfig, ClientFactory
from a2a.client.auth import AuthInterceptor, InMemoryContextCredentialStore
from a2a.helpers import new_raw_part, new_text_message
from a2a.types.a2a_pb2 import (
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTasksRequest,
    Role,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
    TaskState,
)

URL, TOKEN, HOOK = os.environ["AGENT_URL"], os.environ["AGENT_TOKEN"], os.environ["WEBHOOK_URL"]
VERSION = sys.argv[1]
WHO = ClientCallContext(state={"sessionId": "test"})


def state(task):
    return TaskState.Name(task.status.state).removeprefix("TASK_STATE_").lower()


def said(artifacts):
    return [part.text or part.raw.decode() for artifact in artifacts for part in artifact.parts]


def message(text, task_id=None, context_id=None, wait=True):
    request = SendMessageRequest(
        message=new_text_message(text, role=Role.ROLE_USER, task_id=task_id, context_id=context_id)
    )
    request.configuration.return_immediately = not wait
    return request


async def answer(client, request):
    """What a message is answered with when it is not streamed: one task."""
    [only] = [event async for event in client.send_message(request, context=WHO)]
    return only.task


async def gather(stream):
    """What a client that follows the rules ends up with."""
    kinds, states, text = [], [], ""
    async for event in stream:
        kind = event.WhichOneof("payload")
        kinds.append(kind)
        if kind == "task":
            states.append(state(event.task))
            text = "".join(said(event.task.artifacts))
        if kind == "status_update":
            states.append(state(event.status_update))
        if kind == "artifact_update":
            part = "".join(said([event.artifact_update.artifact]))
            text = text + part if event.artifact_update.append else part
    return {"first": kinds[0], "last": kinds[-1], "state": states[-1], "text": text}


async def refused(awaited):
    try:
        await awaited
    except Exception as error:
        return type(error).__name__
    return "nothing was refused"


async def main():
    async with httpx.AsyncClient(timeout=60) as http:
        card = await A2ACardResolver(http, URL).get_agent_card()
        told = {"interfaces": [[each.protocol_binding, each.protocol_version] for each in card.supported_interfaces]}
        spoken = [each for each in card.supported_interfaces if each.protocol_version.startswith(VERSION)]
        del card.supported_interfaces[:]
        card.supported_interfaces.extend(spoken[:1])
        # The token is put where the card says that it belongs.
        store = InMemoryContextCredentialStore()
        await store.set_credentials("test", "bearer", TOKEN)
        known = [AuthInterceptor(store)]
        plain = ClientFactory(ClientConfig(httpx_client=http, streaming=False)).create(card, interceptors=known)
        live = ClientFactory(ClientConfig(httpx_client=http, streaming=True)).create(card, interceptors=known)
        stranger = ClientFactory(ClientConfig(httpx_client=http, streaming=False)).create(card)

        task = await answer(plain, message("What time is it?"))
        told["send"] = [state(task), said(task.artifacts), len(task.history)]
        again = await answer(plain, message("And now?", context_id=task.context_id))
        told["context"] = [again.context_id == task.context_id, again.id != task.id, said(again.artifacts)]
        told["stream"] = await gather(live.send_message(message("Tell a story"), context=WHO))

        files = message("Read this")
        files.message.parts.append(new_raw_part(b"from a file", media_type="text/plain", filename="note.txt"))
        told["file"] = said((await answer(plain, files)).artifacts)

        asked = await answer(plain, message("Paint it"))
        told["asked"] = [state(asked), asked.status.message.parts[0].text]
        watched = live.subscribe(SubscribeToTaskRequest(id=asked.id), context=WHO)
        first = await anext(watched)
        done = await answer(plain, message("Green", task_id=asked.id, context_id=asked.context_id))
        told["answered"] = [done.id == asked.id, state(done), said(done.artifacts)]
        told["watched"] = [state(first.task), (await gather(watched))["state"]]

        going = await answer(plain, message("Take long", wait=False))
        told["going"] = state(going) in ("submitted", "working")
        found = await plain.get_task(GetTaskRequest(id=going.id, history_length=0), context=WHO)
        told["found"] = [found.id == going.id, len(found.history)]
        cancelled = await plain.cancel_task(CancelTaskRequest(id=going.id), context=WHO)
        told["cancelled"] = state(cancelled)

        hook = TaskPushNotificationConfig(task_id=task.id, id="mine", url=HOOK, token="secret")
        made = await plain.create_task_push_notification_config(hook, context=WHO)
        one = await plain.get_task_push_notification_config(
            GetTaskPushNotificationConfigRequest(task_id=task.id, id="mine"), context=WHO
        )
        many = ListTaskPushNotificationConfigsRequest(task_id=task.id)
        before = await plain.list_task_push_notification_configs(many, context=WHO)
        await plain.delete_task_push_notification_config(
            DeleteTaskPushNotificationConfigRequest(task_id=task.id, id="mine"), context=WHO
        )
        after = await plain.list_task_push_notification_configs(many, context=WHO)
        told["webhooks"] = [made.url == HOOK, one.url == HOOK, len(before.configs), len(after.configs)]
        telling = message("Tell me")
        telling.configuration.task_push_notification_config.CopyFrom(
            TaskPushNotificationConfig(url=HOOK, token="secret")
        )
        told["telling"] = (await answer(plain, telling)).id

        if VERSION == "1.0":
            page = await plain.list_tasks(ListTasksRequest(page_size=2), context=WHO)
            told["listed"] = [len(page.tasks), page.total_size, page.tasks[0].id == told["telling"]]

        told["refused"] = {
            "no task": await refused(plain.get_task(GetTaskRequest(id="none"), context=WHO)),
            "cancelled twice": await refused(plain.cancel_task(CancelTaskRequest(id=going.id), context=WHO)),
            "has ended": await refused(answer(plain, message("More", task_id=done.id))),
            "watching what has ended": await refused(
                gather(live.subscribe(SubscribeToTaskRequest(id=done.id), context=WHO))
            ),
            "private webhook": await refused(
                plain.create_task_push_notification_config(
                    TaskPushNotificationConfig(task_id=task.id, url="http://169.254.169.254/"), context=WHO
                )
            ),
            "no token": await refused(stranger.get_task(GetTaskRequest(id=task.id))),
        }
        print(json.dumps(told))


asyncio.run(main())
