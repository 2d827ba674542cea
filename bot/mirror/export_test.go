package mirror

// OpenRoot is [OpenFolder] on a system that cannot look a path up in one call.
var OpenRoot = openRoot
