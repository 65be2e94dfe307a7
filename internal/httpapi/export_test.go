package httpapi

// TakeAllPlaces fills the places of those who read files.
func (a *API) TakeAllPlaces() (leave func()) {
	for range cap(a.files) {
		a.files <- struct{}{}
	}
	return func() {
		for range cap(a.files) {
			<-a.files
		}
	}
}
