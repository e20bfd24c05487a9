import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import type { ControllerMemory, ControllerTable } from './ports.ts'

const callTimeoutMs = 3000

/** The item that says when each failover wanted to move: no id of a failover is like this. */
const wantedKey = '*'
/** Attributes of that item; without it a failover could be called what the table's key is. */
const wantedPrefix = 'at:'

/**
 * What a controller remembers, in the DynamoDB table of its region: one item a failover. What is only ever read whole is kept
 * as JSON; what conditions are made of (the epoch, the lease, the text) are attributes of their own.
 */
export function openTable(tableName: string, region: string): ControllerTable {
  const { get, update } = itemsOf(tableName, region)
  return {
    read: async (failover) => memoryOf(await get(failover)),
    update: async (failover, { largestEpoch, ...changes }) => {
      // Kept first: whoever remembers an epoch is about to use it.
      if (largestEpoch !== undefined) await ifMet(update(failover, epochUpdate(largestEpoch)))
      const entries = Object.entries(changes)
      if (entries.length > 0) await update(failover, setUpdate(entries))
    },
    wanted: async () => wantedOf(await get(wantedKey)),
    want: async (failover, nowMs) => wantedOf(await update(wantedKey, wantUpdate(failover, nowMs))),
    lease: (failover, holder, nowMs, forMs) => ifMet(update(failover, leaseUpdate(holder, nowMs, forMs))),
    release: async (failover, holder) => {
      await ifMet(update(failover, releaseUpdate(holder)))
    },
    swapText: (failover, before, after) => ifMet(update(failover, textUpdate(before, after))),
  }
}

/** Reads and updates items of a table by their key; an update gives the attributes that it asks for. */
function itemsOf(tableName: string, region: string) {
  const client = new DynamoDBClient({
    region,
    maxAttempts: 2,
    // As patient with a connection as with a reply: a controller that cannot read its table treats itself as locked.
    requestHandler: { connectionTimeout: callTimeoutMs, requestTimeout: callTimeoutMs, throwOnRequestTimeout: true },
  })
  const limit = () => ({ abortSignal: AbortSignal.timeout(2 * callTimeoutMs) })
  const at = (key: string) => ({ TableName: tableName, Key: { failover: { S: key } } })
  return {
    get: async (key: string): Promise<Item> => {
      const command = new GetItemCommand({ ...at(key), ConsistentRead: true })
      return (await client.send(command, limit())).Item ?? {}
    },
    update: async (key: string, update: Update): Promise<Item> => {
      const command = new UpdateItemCommand({ ...at(key), ...update })
      return (await client.send(command, limit())).Attributes ?? {}
    },
  }
}

type Update = Omit<UpdateItemCommandInput, 'TableName' | 'Key'>
type Item = Record<string, AttributeValue>

function memoryOf(item: Item): ControllerMemory {
  const known = Object.entries(item).flatMap(([key, { S }]) =>
    key.startsWith(jsonPrefix) && S !== undefined ? [[key.slice(jsonPrefix.length), JSON.parse(S)]] : [],
  )
  return {
    ...{ healthySince: {}, locked: false },
    ...Object.fromEntries(known),
    largestEpoch: Number(item.largestEpoch?.N ?? 0),
    ...(item.text?.S !== undefined && { text: item.text.S }),
  }
}

const jsonPrefix = 'json:'

function setUpdate(entries: [string, unknown][]): Update {
  return {
    UpdateExpression: `SET ${entries.map((_, i) => `#k${i} = :v${i}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(entries.map(([key], i) => [`#k${i}`, `${jsonPrefix}${key}`])),
    ExpressionAttributeValues: Object.fromEntries(
      entries.map(([, value], i) => [`:v${i}`, { S: JSON.stringify(value ?? null) }]),
    ),
  }
}

function epochUpdate(epoch: number): Update {
  return {
    UpdateExpression: 'SET largestEpoch = :epoch',
    ConditionExpression: 'attribute_not_exists(largestEpoch) OR largestEpoch < :epoch',
    ExpressionAttributeValues: { ':epoch': { N: `${epoch}` } },
  }
}

function wantUpdate(failover: string, nowMs: number): Update {
  return {
    UpdateExpression: 'SET #at = :at',
    ExpressionAttributeNames: { '#at': `${wantedPrefix}${failover}` },
    ExpressionAttributeValues: { ':at': { N: `${nowMs}` } },
    ReturnValues: 'ALL_NEW',
  }
}

function leaseUpdate(holder: string, nowMs: number, forMs: number): Update {
  return {
    UpdateExpression: 'SET leaseHolder = :me, leaseUntil = :until',
    ConditionExpression: 'attribute_not_exists(leaseUntil) OR leaseUntil <= :now OR leaseHolder = :me',
    ExpressionAttributeValues: {
      ':me': { S: holder },
      ':until': { N: `${nowMs + forMs}` },
      ':now': { N: `${nowMs}` },
    },
  }
}

function releaseUpdate(holder: string): Update {
  return {
    UpdateExpression: 'REMOVE leaseHolder, leaseUntil',
    ConditionExpression: 'leaseHolder = :me',
    ExpressionAttributeValues: { ':me': { S: holder } },
  }
}

function textUpdate(before: string | undefined, after: string): Update {
  return {
    UpdateExpression: 'SET #text = :after',
    ConditionExpression: before === undefined ? 'attribute_not_exists(#text)' : '#text = :before',
    ExpressionAttributeNames: { '#text': 'text' },
    ExpressionAttributeValues: {
      ':after': { S: after },
      ...(before !== undefined && { ':before': { S: before } }),
    },
  }
}

function wantedOf(item: Item): Record<string, number> {
  return Object.fromEntries(
    Object.entries(item).flatMap(([key, { N }]) =>
      key.startsWith(wantedPrefix) ? [[key.slice(wantedPrefix.length), Number(N)]] : [],
    ),
  )
}

/** Whether the condition of an update was met. */
async function ifMet(updated: Promise<unknown>): Promise<boolean> {
  try {
    await updated
    return true
  } catch (error) {
    if ((error as Error).name === 'ConditionalCheckFailedException') return false
    throw error
  }
}
