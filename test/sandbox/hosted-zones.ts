import {
  type ChangeAction,
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53'

/** Route 53 as a person uses it: without any of Vedette's guards. */
export interface HostedZones {
  /** Makes a public zone; gives its id. */
  create(name: string): Promise<string>
  /** Everything in a zone. */
  list(hostedZoneId: string): Promise<ResourceRecordSet[]>
  change(hostedZoneId: string, action: ChangeAction, set: ResourceRecordSet): Promise<void>
}

export function hostedZonesAt(endpoint: string): HostedZones {
  const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' }
  const client = new Route53Client({ region: 'us-east-1', endpoint, credentials })
  return {
    create: async (Name) => {
      const { HostedZone } = await client.send(new CreateHostedZoneCommand({ Name, CallerReference: Name }))
      return HostedZone?.Id?.replace('/hostedzone/', '') ?? ''
    },
    list: async (HostedZoneId) => {
      const { ResourceRecordSets = [], IsTruncated } = await client.send(
        new ListResourceRecordSetsCommand({ HostedZoneId }),
      )
      if (IsTruncated) throw new Error(`expected a zone of one page, got more in ${HostedZoneId}`)
      return ResourceRecordSets
    },
    change: async (HostedZoneId, Action, ResourceRecordSet) => {
      const ChangeBatch = { Changes: [{ Action, ResourceRecordSet }] }
      await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch }))
    },
  }
}
