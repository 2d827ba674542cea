package rules

import (
	"path"
	"slices"
	"strings"
)

// A database is a program whose state is what it is for.
type database struct {
	// data are the folders that it keeps it in.
	data []string
	// cache is set for one that is often run without state to keep.
	cache bool
}

// databases are known by the last part of their image's name.
var databases = map[string]database{
	"postgres": {data: []string{"/var/lib/postgresql", "/var/lib/pgsql", "/bitnami/postgresql"}}, "postgresql": {data: []string{"/var/lib/pgsql", "/var/lib/postgresql", "/bitnami/postgresql"}},
	"mysql": {data: []string{"/var/lib/mysql", "/bitnami/mysql"}}, "mariadb": {data: []string{"/var/lib/mysql", "/bitnami/mariadb"}}, "percona": {data: []string{"/var/lib/mysql"}},
	"mongo": {data: []string{"/data/db"}}, "mongodb": {data: []string{"/data/db", "/var/lib/mongodb", "/bitnami/mongodb"}},
	"cassandra": {data: []string{"/var/lib/cassandra", "/bitnami/cassandra"}}, "scylla": {data: []string{"/var/lib/scylla"}},
	"elasticsearch": {data: []string{"/usr/share/elasticsearch/data"}}, "opensearch": {data: []string{"/usr/share/opensearch/data"}},
	"etcd": {data: []string{"/var/lib/etcd", "/etcd-data", "/bitnami/etcd"}}, "zookeeper": {data: []string{"/data", "/datalog", "/bitnami/zookeeper"}},
	"kafka": {data: []string{"/var/lib/kafka", "/bitnami/kafka"}}, "cp-kafka": {data: []string{"/var/lib/kafka"}}, "rabbitmq": {data: []string{"/var/lib/rabbitmq", "/bitnami/rabbitmq"}},
	"influxdb": {data: []string{"/var/lib/influxdb", "/var/lib/influxdb2"}}, "clickhouse-server": {data: []string{"/var/lib/clickhouse"}}, "cockroach": {data: []string{"/cockroach/cockroach-data"}},
	"couchdb": {data: []string{"/opt/couchdb/data"}}, "neo4j": {data: []string{"/data"}},
	"redis": {data: []string{"/data", "/bitnami/redis"}, cache: true}, "valkey": {data: []string{"/data"}, cache: true}, "memcached": {cache: true},
}

// imageVersion is what registries put behind a program's name, such as
// postgresql-96-rhel7 or mysql-80-c9s.
const imageVersion = "0123456789-"

// databaseOf is the database that a container runs; ok is false where its image is none.
func databaseOf(c Container) (name string, d database, ok bool) {
	i, parsed := parseImage(c.Value("image"))
	if !parsed {
		return "", database{}, false
	}
	name = strings.ToLower(path.Base(i.name))
	for _, suffix := range []string{"-rhel7", "-rhel8", "-rhel9", "-centos7", "-c8s", "-c9s", "-persistent"} {
		name = strings.TrimSuffix(name, suffix)
	}
	name = strings.TrimRight(name, imageVersion)
	d, ok = databases[name]
	return name, d, ok
}

// keeps reports whether a folder is one that the database keeps its data in.
func (d database) keeps(folder string) bool {
	return slices.ContainsFunc(d.data, func(data string) bool { return folder == data || strings.HasPrefix(folder, data+"/") })
}
