// Package browsertest looks at the running Windshield as people see it: every
// page in a headless Chromium, for every role, light and dark, on a desk and on
// a phone, by keyboard, and without scripts. It has no code of its own: only
// tests, and the pictures of the README.
package browsertest
