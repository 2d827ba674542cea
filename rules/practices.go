package rules

// A Practice is one of running applications on Kubernetes well, which rules serve.
type Practice struct {
	Number int
	Title  string
	// Without says why no rule serves it, "" where one does.
	Without string
}

// Practices are all practices in the order of their numbers, from 1.
func Practices() []Practice {
	out := make([]Practice, len(practices))
	for i, p := range practices {
		p.Number = i + 1
		out[i] = p
	}
	return out
}

// practices are in the order of the numbers that rules name.
var practices = []Practice{
	{Title: "configuration lives outside the image, in ConfigMaps"},
	{Title: "one image goes through all environments"},
	{Title: "a secret is a Secret, and is mounted as a volume"},
	{Title: "no secret stands in a file of the repository"},
	{Title: "environments share a base and are no copies of each other"},
	{Title: "nothing is forgotten or misspelt in one of the environments"},
	{Title: "nothing waits for another to start first"},
	{Title: "an application gets by while what it needs is away"},
	{Title: "every container requests cpu and memory, and limits memory"},
	{Title: "nobody is the first to be evicted by accident"},
	{Title: "a namespace has defaults and caps"},
	{Title: "an image is named exactly and for good"},
	{Title: "the pull policy fits the tag"},
	{Title: "containers are disposable, and keep nothing on their disk"},
	{Title: "state lives in a StatefulSet with claims of its own"},
	{Title: "replicas share no volume that one node mounts"},
	{Title: "what a pod needs at run time is declared, and there"},
	{Title: "priorities name a PriorityClass that exists"},
	{Title: "a Deployment says how it rolls out"},
	{Title: "there is room for what a rollout starts beside the old"},
	{Title: "a liveness probe restarts what hangs, and only that"},
	{Title: "a readiness probe stands before everything that takes traffic"},
	{Title: "logs go to the standard streams, last words to the termination log"},
	{Title: "the program hears SIGTERM and has time to end"},
	{Title: "hooks are short, and postStart holds nothing up"},
	{Title: "endpoints leave before the process does"},
	{Title: "no request is lost while pods come and go"},
	{Title: "pods are spread, and tolerate what they mean to"},
	{Title: "a pod can be moved: it is owned, keeps nothing local, and its budget lets go"},
	{Title: "a controller keeps every pod alive"},
	{Title: "an autoscaler has the requests and the target it needs"},
	{Title: "an autoscaler alone says how many replicas there are"},
	{Title: "two autoscalers do not work against each other"},
	{Title: "what must not stop has more than one replica"},
	{Title: "pods are found by name and label, never by address"},
	{Title: "a Service selects what exists"},
	{Title: "services are reached through a load balancer or an Ingress, not at ports of nodes"},
	{Title: "secrets of registries belong to a ServiceAccount"},
	{Title: "Jobs and CronJobs are bounded"},
	{Title: "DaemonSets are the cluster's, not an application's"},
	{Title: "everything carries the labels that tell what it is"},
	{Title: "annotations say whom to call"},
	{Title: "a namespace is named, and closed by default"},
	{Title: "images are small"},
	{Title: "a container runs one process, and pods of a workload are alike"},
	{Title: "a pod that keeps crashing raises an alert"},
	{Title: "logs are collected centrally"},
	{Title: "a file says what its kind allows, and nothing else"},
}
