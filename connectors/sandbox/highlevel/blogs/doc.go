// Package blogs is the blogs of a simulated location, with their authors, categories and
// posts.
package blogs
