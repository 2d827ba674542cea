package fixes

// recipes are what [MakePlans] knows to put right.
var recipes = []Recipe{pinDigest, addResources, addProbe, liftEnv}
