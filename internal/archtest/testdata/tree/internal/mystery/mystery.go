// Package mystery is not in the order.
package mystery // want "order"
