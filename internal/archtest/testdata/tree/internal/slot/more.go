package slot

var elsewhere struct{ field int }
