#!/bin/sh
# Prints the AWS CLI commands that export what dms-lint reads.  It runs none of them:
#
#     sh examples/export.sh REGION... FOLDER > commands.sh
#     less commands.sh
#     sh commands.sh
#     dms-lint scan FOLDER
#
# All of them only list and describe.  Each writes its answer to COMMAND.json, and what AWS refused to COMMAND.err.
# An answer that does not say what it is about is named after it: get-key-policy.KEY-ID.json.
#
# What stands between `>>>` and `<<<` is written by `make docs`, out of the table of calls of the live account.

set -eu

if [ "$#" -lt 2 ]; then
    echo "usage: sh export.sh REGION... FOLDER" >&2
    exit 2
fi

regions=
while [ "$#" -gt 1 ]; do
    case $1 in
        *[!a-z0-9-]* | '' | -*)
            echo "export.sh: '$1' is no Region" >&2
            exit 2
            ;;
    esac
    regions="$regions $1"
    shift
done
case $1 in
    '' | -*)
        echo "export.sh: '$1' is no folder" >&2
        exit 2
        ;;
esac
quoted=$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")

# Prints one command: its service, its name and its options, and the file (without its ending) that it writes.
line() {
    file=$1
    shift
    printf '%saws %s --no-cli-pager --output json > "%s.json" 2> "%s.err"\n' "${indent-}" "$*" "$file" "$file"
}

# Prints a command that lists or describes what there is, in the Region or ('account' first) in the account.
listing() {
    if [ "$1" = account ]; then
        shift
        line "\$account_folder/$2" "$@"
    else
        line "\$folder/$2" "$@" --region '"$region"'
    fi
}

# Prints a command about one thing, whose id is in the shell variable $name.
about() {
    line "\$folder/$2.\$name" "$@" --region '"$region"'
}

# Prints the head of a loop over what a command prints; the command's own refusal is told by its listing.
each() {
    variable=$1
    shift
    printf '    for %s in $(aws %s --region "$region" --no-cli-pager --output text 2> /dev/null); do\n' "$variable" "$*"
}

cat << END
#!/bin/sh
# What dms-lint reads of an account, as AWS CLI commands.  They only list and describe.
set -f

out='$quoted'
END
cat << 'END'
caller=$(aws sts get-caller-identity --query Arn --no-cli-pager --output text) || exit 1
partition=$(printf '%s' "$caller" | cut -d : -f 2)
account=$(printf '%s' "$caller" | cut -d : -f 5)
account_folder=$out/$account
mkdir -p "$account_folder"

# -- the account as a whole

END
# >>> listings of the account
listing account iam get-account-authorization-details
listing account iam get-account-summary
listing account s3api list-buckets
# <<<

indent='    '
printf '\n# The access keys of users: when they were made, never what they are.\n'
printf 'for name in $(aws iam list-users --query "Users[].UserName" --no-cli-pager --output text 2> /dev/null); do\n'
line '$account_folder/list-access-keys.$name' iam list-access-keys --user-name '"$name"'
printf 'done\n'

cat << END

# -- each Region

for region in$regions; do
END
cat << 'END'
    folder=$account_folder/$region
    mkdir -p "$folder"

END
indent='    '

# >>> listings of a Region
listing dms describe-endpoints
listing dms describe-replication-instances
listing dms describe-replication-subnet-groups
listing dms describe-certificates
listing dms describe-replication-tasks --no-without-settings
listing dms describe-replication-configs
listing dms describe-replications
listing dms describe-connections
listing dms describe-event-subscriptions
listing dms describe-instance-profiles
listing dms describe-data-providers
listing dms describe-migration-projects
listing dms describe-data-migrations
listing dms describe-pending-maintenance-actions
listing dms describe-engine-versions
listing kms list-aliases
listing ec2 describe-security-groups
listing ec2 describe-subnets
listing ec2 describe-vpcs
listing ec2 describe-prefix-lists
listing ec2 describe-network-acls
listing ec2 describe-route-tables
listing ec2 describe-nat-gateways
listing ec2 describe-vpc-endpoints
listing ec2 describe-vpc-peering-connections
listing ec2 describe-network-interfaces
listing rds describe-db-instances
listing rds describe-db-clusters
listing rds describe-db-subnet-groups
line '$folder/rds-describe-certificates' rds describe-certificates --region '"$region"'
listing redshift describe-clusters
listing redshift describe-cluster-subnet-groups
listing redshift-serverless list-workgroups
listing cloudtrail describe-trails
# <<<

# Answers that dms-lint reads as well, and that a scan of the live account does without.
listing dms describe-orderable-replication-instances
listing dms describe-replication-task-assessment-runs
listing dms describe-account-attributes
listing kms list-keys
# Secrets that are scheduled for deletion are listed only when asked for.
listing secretsmanager list-secrets --include-planned-deletion

indent='        '

printf '\n    # Tags: of each resource of DMS.\n'
cat << 'END'
    of="arn:$partition:dms:$region:$account"
    for arn in \
        $(aws dms describe-endpoints --query 'Endpoints[].EndpointArn' --region "$region" --no-cli-pager --output text 2> /dev/null) \
        $(aws dms describe-replication-instances --query 'ReplicationInstances[].ReplicationInstanceArn' --region "$region" --no-cli-pager --output text 2> /dev/null) \
        $(aws dms describe-replication-tasks --without-settings --query 'ReplicationTasks[].ReplicationTaskArn' --region "$region" --no-cli-pager --output text 2> /dev/null) \
        $(aws dms describe-replication-configs --query 'ReplicationConfigs[].ReplicationConfigArn' --region "$region" --no-cli-pager --output text 2> /dev/null) \
        $(aws dms describe-certificates --query 'Certificates[].CertificateArn' --region "$region" --no-cli-pager --output text 2> /dev/null) \
        $(aws dms describe-replication-subnet-groups --query 'ReplicationSubnetGroups[].ReplicationSubnetGroupIdentifier' --region "$region" --no-cli-pager --output text 2> /dev/null | tr '\t' '\n' | sed -n "s/^./$of:subgrp:&/p") \
        $(aws dms describe-event-subscriptions --query 'EventSubscriptionsList[].CustSubscriptionId' --region "$region" --no-cli-pager --output text 2> /dev/null | tr '\t' '\n' | sed -n "s/^./$of:es:&/p"); do
        name=$(printf '%s' "$arn" | cut -d : -f 6,7 | tr : .)
END
about dms list-tags-for-resource --resource-arn '"$arn"'
printf '    done\n'

printf '\n    # KMS keys.\n'
each name kms list-keys --query "'Keys[].KeyId'"
# >>> kms about KeyId in $name
about kms describe-key --key-id '"$name"'
about kms get-key-policy --policy-name default --key-id '"$name"'
about kms get-key-rotation-status --key-id '"$name"'
about kms list-grants --key-id '"$name"'
# <<<
printf '    done\n'

printf '\n    # Secrets: what is said of them, never what they hold.\n'
each arn secretsmanager list-secrets --include-planned-deletion --query "'SecretList[].ARN'"
cat << 'END'
        name=$(printf '%s' "$arn" | cut -d : -f 7 | tr / -)
END
# >>> secretsmanager about SecretId in $arn
about secretsmanager describe-secret --secret-id '"$arn"'
about secretsmanager get-resource-policy --secret-id '"$arn"'
about secretsmanager list-secret-version-ids --secret-id '"$arn"'
# <<<
printf '    done\n'

printf '\n    # The functions that rotate secrets.\n'
each arn secretsmanager list-secrets --query "'SecretList[].RotationLambdaARN'"
cat << 'END'
        name=$(printf '%s' "$arn" | cut -d : -f 7)
END
# Only what rotation leaves out of passwords: the other variables of a function may be secret.
about lambda get-function-configuration --function-name '"$arn"' --query "'{FunctionName: FunctionName, FunctionArn: FunctionArn, Environment: {Variables: {EXCLUDE_CHARACTERS: Environment.Variables.EXCLUDE_CHARACTERS, EXCLUDE_PUNCTUATION: Environment.Variables.EXCLUDE_PUNCTUATION}, Error: Environment.Error}}'"
printf '    done\n'

printf '\n    # The buckets of S3 endpoints.\n'
each name dms describe-endpoints --query "'Endpoints[].S3Settings.BucketName'"
# >>> s3 about Bucket in $name
about s3api head-bucket --bucket '"$name"'
about s3api get-bucket-location --bucket '"$name"'
about s3api get-bucket-encryption --bucket '"$name"'
# <<<
printf '    done\n'

printf '\n    # What VPCs answer to names, and the ranges in prefix lists.\n'
each name ec2 describe-vpcs --query "'Vpcs[].VpcId'"
line '$folder/describe-vpc-attribute.$name.support' ec2 describe-vpc-attribute --attribute enableDnsSupport --vpc-id '"$name"' --region '"$region"'
line '$folder/describe-vpc-attribute.$name.hostnames' ec2 describe-vpc-attribute --attribute enableDnsHostnames --vpc-id '"$name"' --region '"$region"'
printf '    done\n'
each name ec2 describe-managed-prefix-lists --query "'PrefixLists[].PrefixListId'"
# >>> ec2 about PrefixListId in $name
about ec2 get-managed-prefix-list-entries --prefix-list-id '"$name"'
# <<<
printf '    done\n'

printf '\n    # Trails.\n'
each arn cloudtrail describe-trails --query "'trailList[].TrailARN'"
cat << 'END'
        name=${arn##*/}
END
# >>> cloudtrail about Name in $arn
about cloudtrail get-trail-status --name '"$arn"'
# <<<
# >>> cloudtrail about TrailName in $arn
about cloudtrail get-event-selectors --trail-name '"$arn"'
# <<<
printf '    done\n'

# >>> the rest
# <<<

cat << 'END'
done

# A refused command leaves an empty .json, one that was not refused an empty .err.
find "$account_folder" -type f -size 0 \( -name '*.json' -o -name '*.err' \) -exec rm -f {} +
END
