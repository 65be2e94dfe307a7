//go:build race

package intake

// The race detector makes everything several times slower and bigger.
const raceDetector = true
