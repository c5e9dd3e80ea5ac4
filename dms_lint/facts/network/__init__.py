"""The network between a replication instance and a database: subnets, groups, ACLs, routes, hosts."""
