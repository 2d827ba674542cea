package yamledit

// Verify is the check of an edit that means to change nothing.
func Verify(f *File, text []byte) error {
	_, err := f.verified(Edit{}, text, func(*Node) error { return nil })
	return err
}
