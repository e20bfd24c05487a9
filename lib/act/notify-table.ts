import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { NotifyStore } from './ports.ts'

const callTimeoutMs = 3000
const [deflate, inflate] = [promisify(deflateRaw), promisify(inflateRaw)]

/** The one item of the table. */
const key = { id: { S: 'told' } }

/** An item may have 400 KB (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html); this one is compressed, and stays far below. */
export function openNotifyTable(tableName: string, region: string): NotifyStore {
  const client = new DynamoDBClient({
    region,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: callTimeoutMs, throwOnRequestTimeout: true },
  })
  const limit = () => ({ abortSignal: AbortSignal.timeout(3 * callTimeoutMs) })
  return {
    load: async () => {
      const command = new GetItemCommand({ TableName: tableName, Key: key, ConsistentRead: true })
      const { Item } = await client.send(command, limit())
      if (!Item?.state?.B) return undefined
      const state = JSON.parse((await inflate(Item.state.B)).toString())
      return { state, version: Number(Item.version?.N) }
    },
    save: async (state, version) => {
      const B = await deflate(JSON.stringify(state))
      try {
        await client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: { ...key, version: { N: `${version}` }, state: { B } },
            ConditionExpression: version === 1 ? 'attribute_not_exists(id)' : 'version = :before',
            ...(version > 1 && { ExpressionAttributeValues: { ':before': { N: `${version - 1}` } } }),
          }),
          limit(),
        )
        return 'saved'
      } catch (error) {
        if ((error as Error).name === 'ConditionalCheckFailedException') return 'conflict'
        throw error
      }
    },
  }
}
