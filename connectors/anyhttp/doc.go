// Package anyhttp is the connector "http": any HTTP API, polled and called with nothing but
// an account and a recipe.
//
// It knows no service. Its operations list, get and request take their form from their
// inputs ([connectors.Shaper]): [Connector.Shape] writes those inputs out as the manifest of
// a connector with one operation, lets package manifest read and check it, and hands the
// result to package httpapi. So there is one reader and one client for all services, and
// what one of them finds wrong is reported where the recipe says it.
//
// A value of a record can change neither the host nor the path above base_url, nor a header
// that carries a credential: package httpapi/request refuses it before anything is sent.
package anyhttp
