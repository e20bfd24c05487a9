import { RemovalPolicy, type Stack } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb'

/**
 * The table of a function, under its name. What it holds can be found again (a record's state is in its TXT, an alarm tells of
 * its next change): it would only be in the way of the next deployment, so it goes with its stack.
 */
export function addTable(scope: Stack, id: string, functionName: string, key: string): Table {
  return new Table(scope, id, {
    tableName: functionName,
    partitionKey: { name: key, type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.DESTROY,
  })
}
