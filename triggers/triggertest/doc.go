// Package triggertest holds the laws that every strategy of package triggers must
// obey, as tests.
//
// A [Service] is a model of an outside service: records with versions, a search
// index that lags behind, pages. A [Feed] is the poller in miniature: it keeps a
// state and a seen-set, fetches one page at a time, and can lose what it has not
// committed. [Laws] runs a strategy against both, first through fixed cases, then
// through random histories, and asserts that nothing is lost, nothing comes twice
// and each record's changes come in order.
package triggertest
