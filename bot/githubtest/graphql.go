package githubtest

import "net/http"

func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
